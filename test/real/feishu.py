"""Decrypts, encrypts and reads requests of Feishu with its own library, and with pycryptodome, which that library uses.

Reads from standard input: {"key", "token", "encrypted": [...], "texts": [...], "requests": [{"headers", "body"}]}
Writes: {"decrypted": [...], "encrypted": [...], "answers": [{"status", "content", "seen"}]}; `seen` is what the
library's handlers got: the sender or operator, and the content or the value.
"""
import base64
import hashlib
import json
import os
import sys

# The library writes its log to the standard output that it finds.
output, sys.stdout = sys.stdout, sys.stderr

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad
from lark_oapi.core.model import RawRequest
from lark_oapi.core.utils import AESCipher
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse
from lark_oapi.event.dispatcher_handler import EventDispatcherHandler

given = json.load(sys.stdin)
cipher = AESCipher(given["key"])
seen = []


def on_message(data):
    seen.append([data.event.sender.sender_id.open_id, data.event.message.content])


def on_press(data):
    seen.append([data.event.operator.open_id, data.event.action.value])
    return P2CardActionTriggerResponse({})


handler = (
    EventDispatcherHandler.builder(given["key"], given["token"])
    .register_p2_im_message_receive_v1(on_message)
    .register_p2_card_action_trigger(on_press)
    .build()
)


def encrypt(text):
    key, iv = hashlib.sha256(given["key"].encode()).digest(), os.urandom(16)
    encrypted = AES.new(key, AES.MODE_CBC, iv).encrypt(pad(text.encode(), 16))
    return base64.b64encode(iv + encrypted).decode()


def answer(request):
    seen.clear()
    raw = RawRequest()
    raw.uri = "/hooks/feishu"
    raw.headers = request["headers"]
    raw.body = request["body"].encode()
    response = handler.do(raw)
    return {"status": response.status_code, "content": response.content.decode(), "seen": list(seen)}


result = {
    "decrypted": [cipher.decrypt_str(text) for text in given["encrypted"]],
    "encrypted": [encrypt(text) for text in given["texts"]],
    "answers": [answer(request) for request in given["requests"]],
}
json.dump(result, output)
