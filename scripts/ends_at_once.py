"""Imported before all else by a program: until it listens itself, Ctrl-C ends it at once and without a word."""

import _signal  # part of Python itself, which nothing can lie before
import os

if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:  # which a shell's background job ignores on purpose
    _signal.signal(_signal.SIGINT, lambda *_: os._exit(130))
