"""Stopping on a signal at any moment (worker/stopping.py)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A signal at each instruction of `wait`: one sent by a trace function runs its handler there.
AT_EACH_INSTRUCTION = """
import faulthandler, signal, sys
from worker.stopping import Stop

faulthandler.dump_traceback_later(60, exit=True)
stop, count = Stop(), 0
stop.set_on_signals()

def trace(frame, event, _):
    global left
    if frame.f_code.co_name not in ("wait", "__enter__", "__exit__"):
        return None
    frame.f_trace_opcodes = True
    if event == "opcode":
        left -= 1
        if left == 0:
            signal.raise_signal(signal.SIGTERM)
    return trace

while True:
    left, stop._is_set = count + 1, False
    sys.settrace(trace)
    stop.wait(0.01)
    sys.settrace(None)
    if not stop.is_set():
        break
    count += 1
print(count)
"""

# Signals around the moment at which `wait` blocks, in the order of the system and not of Python.
AT_RANDOM_MOMENTS = """
import faulthandler, os, random, signal, threading, time
from queue import SimpleQueue
from worker.stopping import Stop

faulthandler.dump_traceback_later(600, exit=True)
delays, stop = SimpleQueue(), Stop()
stop.set_on_signals()

def send():
    while True:
        end = time.perf_counter() + delays.get()
        while time.perf_counter() < end:
            pass
        os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=send, daemon=True).start()
for _ in range(3000):
    stop._is_set = False
    delays.put(random.random() * 0.00005)
    if not stop.wait(3600):
        raise SystemExit("not stopped")
print("stopped")
"""


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_signal_at_any_instruction_stops() -> None:
    assert int(run(AT_EACH_INSTRUCTION)) > 30  # instructions


def test_a_signal_at_any_moment_stops_at_once() -> None:
    assert run(AT_RANDOM_MOMENTS) == "stopped"
