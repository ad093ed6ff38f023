"""Serves Keystone on loopback, prints one line for each request, and exits when its parent process ends."""

import os
import sys
import threading

# Keystone parses the command line too and would reject the port.
port = int(sys.argv.pop())

from keystone.common.rbac_enforcer.enforcer import RBACEnforcer
from keystone.wsgi.api import application
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    def log_request(self, code="-", size="-"):
        print("request", self.command, self.path, int(code), flush=True)


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


# Load the policies before the first request: two concurrent first requests would see them partly loaded.
RBACEnforcer()._enforcer.load_rules()
threading.Thread(target=end_with_parent, daemon=True).start()
server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
print("listens on", server.server_port, flush=True)
server.serve_forever()
