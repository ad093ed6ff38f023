"""Signs bodies and checks cards with Slack's own library.

Reads from standard input: {"secret", "now", "bodies": [{"body", "timestamp", "signature"}], "cards": [[block, ...]]}
Writes: {"signatures": [...], "valid": [...], "problems": [...]}, with null for a card without a problem.
"""
import json
import sys

from slack_sdk.models.blocks import Block
from slack_sdk.signature import Clock, SignatureVerifier


class FixedClock(Clock):
    def __init__(self, seconds):
        self.seconds = seconds

    def now(self):
        return self.seconds


def problem_of(blocks):
    for block in blocks:
        try:
            parsed = Block.parse(block)
            # The library drops properties that it does not know.
            if parsed is None or parsed.to_dict() != block:
                return f"{block['type']}: unknown type or property"
        except Exception as error:
            return f"{block['type']}: {error}"
    return None


given = json.load(sys.stdin)
verifier = SignatureVerifier(given["secret"], FixedClock(given["now"]))
bodies = given["bodies"]
answer = {
    "signatures": [verifier.generate_signature(timestamp=b["timestamp"], body=b["body"]) for b in bodies],
    "valid": [verifier.is_valid(b["body"], b["timestamp"], b["signature"]) for b in bodies],
    "problems": [problem_of(blocks) for blocks in given["cards"]],
}
json.dump(answer, sys.stdout)
