"""Lessons 5 and 6, as in seed 002: `-r` reads the common chat, `-w` writes to it.

The reader waits in select and takes every read for one object that has an action; the writer takes
the next object for the answer to what it wrote.
"""
import json
import select
import socket
import sys
import time

NAME = "John Doe"
ROOM = "#chat"


def put(sock, message):
    sock.send(json.dumps(message).encode())


def get(sock):
    return json.loads(sock.recv(1024).decode())


def read(sock):
    while True:
        ready, _, _ = select.select([sock], [], [], 0.1)
        if ready:
            message = get(sock)
            if message["action"] == "msg":
                print(message["from"], message["message"], sep=": ", flush=True)


def write(sock):
    for line in sys.stdin:
        text = line.strip()
        put(sock, {"action": "msg", "time": time.time(), "to": ROOM, "from": NAME,
                   "encoding": "utf-8", "message": text})
        print(get(sock)["alert"], flush=True)


sock = socket.socket()
sock.connect((sys.argv[2], int(sys.argv[3])))
put(sock, {"action": "presence", "time": time.time(), "type": "status",
           "user": {"account_name": NAME, "status": "Yep, I am here!"}})
print(get(sock)["alert"], flush=True)
{"-r": read, "-w": write}[sys.argv[1]](sock)
