"""Networks made in processes of their own: ONNX Runtime ends some of them by a signal."""
import multiprocessing

import network
import oracle

SECONDS = 120
FORK = multiprocessing.get_context("fork")


def work(seed, index, pipe):
    made = network.generate(seed, index)
    pipe.send((made, oracle.settle(made)))


def settled(seed, index):
    """(network or None, why it is set aside or None)"""
    here, there = FORK.Pipe(duplex=False)
    child = FORK.Process(target=work, args=(seed, index, there))
    child.start()
    there.close()
    try:
        if not here.poll(SECONDS):
            child.kill()
            return None, f"seed {seed}, network {index}: no end after {SECONDS} s"
        return here.recv()
    except EOFError:
        child.join()
        if child.exitcode > 0:
            raise RuntimeError(f"seed {seed}, network {index}: the generator fails") from None
        return None, f"seed {seed}, network {index}: ONNX Runtime ends by signal {-child.exitcode}"
    finally:
        here.close()
        child.join()
