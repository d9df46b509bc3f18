"""A JIM client: python3 client.py [ADDRESS [PORT]]. Asks for a name, then sends what you type."""
import json, socket, sys, threading, time

address, port = (sys.argv[1:] + ["127.0.0.1", "7777"][len(sys.argv) - 1:])[:2]
sock = socket.create_connection((address, int(port)))

def send(**fields):
    sock.sendall(json.dumps({"time": time.time(), **fields}).encode())

def read():
    while data := sock.recv(1024):
        got = json.loads(data.decode())
        print(f"{got['from']}: {got['message']}" if "action" in got else got, flush=True)

name = input("Your name: ")
send(action="presence", user={"account_name": name})
threading.Thread(target=read).start()
for line in sys.stdin:
    send(action="msg", to="#all", message=line.rstrip("\n"), **{"from": name})
send(action="quit")
