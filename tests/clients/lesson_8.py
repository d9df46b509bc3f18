"""Lesson 8: a name of one's own, private messages, a reader and a writer thread on one socket.

An object that cannot be read is taken for a lost connection and ends the program.
"""
import json
import sys
import threading
import time
from socket import socket

name = sys.argv[1]
sock = socket()
sock.connect((sys.argv[2], int(sys.argv[3])))


def send(message):
    sock.send(json.dumps(message).encode("utf-8"))


def receive():
    return json.loads(sock.recv(1024).decode("utf-8"))


def listen():
    while True:
        try:
            message = receive()
        except (OSError, ValueError):
            print("connection lost", flush=True)
            return
        if (message.get("action") == "message" and "from" in message and "mess_text" in message
                and message.get("to") == name):
            print(message["from"], message["mess_text"], sep=" wrote: ", flush=True)
        else:
            print("not a message:", message.get("response"), flush=True)


def write():
    for line in sys.stdin:
        to, text = line.strip().split(" ", 1)
        if to == "exit":
            send({"action": "exit", "time": time.time(), "account_name": name})
            time.sleep(0.5)
            return
        send({"action": "message", "from": name, "to": to, "time": time.time(),
              "mess_text": text})


send({"action": "presence", "time": time.time(), "user": {"account_name": name}})
print("connected:", receive()["response"], flush=True)
reader = threading.Thread(target=listen, daemon=True)
writer = threading.Thread(target=write, daemon=True)
reader.start()
writer.start()
while reader.is_alive() and writer.is_alive():
    time.sleep(0.05)
