"""Lesson 3: one presence, one answer, the end. Answers are indexed without a check."""
import json
import sys
import time
from socket import AF_INET, SOCK_STREAM, socket

sock = socket(AF_INET, SOCK_STREAM)
sock.connect((sys.argv[1], int(sys.argv[2])))
presence = {
    "action": "presence",
    "time": time.ctime(),
    "type": "status",
    "user": {"account_name": "Guest", "status": None},
}
sock.send(json.dumps(presence).encode("utf-8"))
answer = json.loads(sock.recv(640).decode("utf-8"))
if answer["response"] == 200:
    print(answer["response"], answer["alert"], int(answer["time"]) > 0)
else:
    print(answer["response"], answer["error"])
sock.close()
