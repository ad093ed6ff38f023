"""Authenticates the requests of Schemathesis, and puts ids that exist into them, so that they reach the APIs' own rules."""

import ast
import hashlib
import hmac
import json
import os
import random
import threading
from datetime import datetime, timezone
from urllib.parse import quote, unquote, urlsplit

import schemathesis
from requests.auth import AuthBase

SETTINGS = json.loads(os.environ["SCHEMATHESIS_SETTINGS"])
KNOWN_IDS = SETTINGS["known_ids"]

# Python 3.11 counts the depth of a syntax tree once for all threads, so it raises SystemError when two threads parse at
# the same time. Hypothesis parses source text in each of the workers.
_parse_unlocked = ast.parse
_parsing = threading.RLock()


def _parse_alone(*args, **options):
    with _parsing:
        return _parse_unlocked(*args, **options)


ast.parse = _parse_alone


@schemathesis.serializer("application/secevent+jwt")
def send_security_event_token(context, value):
    """Sends a generated text as it is. It is never a signed token, so the service must refuse it."""
    return value if isinstance(value, bytes) else str(value).encode()



class TokenAuth(AuthBase):
    def __call__(self, request):
        request.headers["X-Auth-Token"] = SETTINGS["token"]
        return request


class SignatureAuth(AuthBase):
    """Signs as the API documents it. Source: API Gateway, "AK/SK authentication", SDK-HMAC-SHA256."""

    def __call__(self, request):
        url = urlsplit(request.url)
        date = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": url.netloc, "x-project-id": SETTINGS["project_id"], "x-sdk-date": date}
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        path = "/".join(quote(unquote(part), safe="-_.~") for part in url.path.split("/"))
        pairs = [pair.partition("=") for pair in url.query.split("&") if pair]
        query = sorted((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, _, value in pairs)
        canonical = "\n".join(
            [
                request.method,
                path.rstrip("/") + "/",
                "&".join(f"{name}={value}" for name, value in query),
                "".join(f"{name}:{value}\n" for name, value in sorted(headers.items())),
                ";".join(sorted(headers)),
                hashlib.sha256(body).hexdigest(),
            ]
        )
        text = "\n".join(["SDK-HMAC-SHA256", date, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(SETTINGS["secret_key"].encode(), text.encode(), hashlib.sha256).hexdigest()
        request.headers["X-Sdk-Date"] = date
        request.headers["X-Project-Id"] = SETTINGS["project_id"]
        request.headers["Authorization"] = (
            f"SDK-HMAC-SHA256 Access={SETTINGS['access_key']}, "
            f"SignedHeaders={';'.join(sorted(headers))}, Signature={signature}"
        )
        return request


AUTHENTICATIONS = {"token": TokenAuth, "signature": SignatureAuth}
if SETTINGS["authentication"] in AUTHENTICATIONS:
    schemathesis.auth.set_from_requests(AUTHENTICATIONS[SETTINGS["authentication"]]())


@schemathesis.hook
def map_body(context, body):
    """Replaces well-formed ids by ids that exist. Malformed ones stay as they are."""
    if isinstance(body, dict):
        for name, ids in KNOWN_IDS.items():
            if isinstance(body.get(name), str) and len(body[name]) == len(ids[0]):
                body[name] = random.choice(ids)
    return body


# Answers to valid requests that depend on what is stored. The vendor documents them with status 400.
DEPENDS_ON_STATE = {
    "KMS.0209",
    "KMS.0210",
    "KMS.1104",
    "KMS.1105",
    "KMS.1201",
    "KMS.1301",
    "KMS.1402",
    "KMS.1501",
    "KMS.2404",
    "KMS.2501",
    "KMS.2502",
}
# The same, and rules between fields that the document tells in words.
TOLD_IN_WORDS = (
    "The grants have changed",
    "No grant is selected",
    "The job is",
    "of the page before",
    "You cannot disable yourself",
    "key_usage does not fit key_spec",
    "grantee_principal or key_id is required",
    "digest is required",
    "reason is required",
    "Send remove or grantee_principal",
    "__proto__",
    "constructor.prototype",
)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Returns whether the failure is a fault of the service."""
    if failure.code == "ST202":
        try:
            error = response.json()
        except ValueError:
            return True
        # RFC 8935, section 2.4: 400 too for a token that does not verify, and no random text verifies.
        if error.get("err") == "authentication_failed":
            return False
        code = error.get("error_code")
        text = error.get("error_msg") or error.get("error", {}).get("message", "")
        return code not in DEPENDS_ON_STATE and not any(words in text for words in TOLD_IN_WORDS)
    # Schemathesis does not count 413 and 431 as refusals.
    if failure.code == "ST201":
        return response.status_code not in (413, 431)
    # RFC 8935, section 2.4: a receiver that cannot authenticate the transmitter replies 400, not 401.
    if failure.code == "ST203":
        return not case.operation.path.endswith("/events")
    # GET /hooks/{source} serves these paths too, so their Allow header has more methods than their own routes.
    if failure.code == "ST205":
        return not case.operation.path.startswith("/hooks/")
    return True
