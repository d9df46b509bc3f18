"""Lesson 7: `listen` or `send`, with the reference solution's own keys.

The sender names no addressee and never reads what comes; the listener wants `sender`.
"""
import json
import sys
import time
from socket import socket


def send(sock, message):
    sock.send(json.dumps(message).encode("utf-8"))


def receive(sock):
    answer = json.loads(sock.recv(1024).decode("utf-8"))
    if isinstance(answer, dict):
        return answer
    raise ValueError


def process_answer(answer):
    if "response" in answer:
        return "200 : OK" if answer["response"] == 200 else f"400 : {answer['error']}"
    raise ValueError


sock = socket()
sock.connect((sys.argv[2], int(sys.argv[3])))
send(sock, {"action": "presence", "time": time.time(), "user": {"account_name": "Guest"}})
print(process_answer(receive(sock)), flush=True)

if sys.argv[1] == "send":
    for line in sys.stdin:
        send(sock, {"action": "message", "time": time.time(), "account_name": "Guest",
                    "mess_text": line.strip()})
else:
    while True:
        message = receive(sock)
        if message.get("action") == "message" and "sender" in message and "mess_text" in message:
            print(message["sender"], message["mess_text"], sep=" wrote: ", flush=True)
        else:
            print("a wrong message came:", message, flush=True)
