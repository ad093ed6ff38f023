"""Passes on what people write after !grants, and shows the answer. KMS_GRANTS_URL: the address of the source, such as
https://kms.example.com/hooks/bot. KMS_GRANTS_SECRET: its secret in HOOKS, whsec_..."""
import base64
import hashlib
import hmac
import json
import os
import time
import urllib.request
import uuid

from errbot import BotPlugin, botcmd


class KmsGrants(BotPlugin):
    @botcmd
    def grants(self, message, args):
        """See and revoke KMS grants. To see the commands: !grants help"""
        channel = str(message.to) if message.is_group else ""
        # aclattr is how errbot identifies people for access rules. Use nothing that they can change themselves.
        command = {"command": args, "actor": message.frm.aclattr, "channel": channel}
        body, id, timestamp = json.dumps(command), str(uuid.uuid4()), str(int(time.time()))
        key = base64.b64decode(os.environ["KMS_GRANTS_SECRET"].removeprefix("whsec_"))
        signature = hmac.digest(key, f"{id}.{timestamp}.{body}".encode(), hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": timestamp,
            "webhook-signature": "v1," + base64.b64encode(signature).decode(),
        }
        request = urllib.request.Request(os.environ["KMS_GRANTS_URL"], body.encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)["markdown"]
