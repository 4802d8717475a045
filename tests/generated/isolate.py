"""Networks made in processes of their own: ONNX Runtime ends some of them by a signal."""
import multiprocessing

import network
import oracle
import rows

SECONDS = 120
FORK = multiprocessing.get_context("fork")


def work(seed, indices, pipe):
    for index in indices:
        made = network.generate(seed, index)
        problem = oracle.settle(made)
        if not problem:
            made.rows = rows.independent(made)
        pipe.send((made, problem))


def settled(seed, indices):
    """For each index (network or None, why it is set aside or None). One process makes them until one ends it."""
    left = list(indices)
    while left:
        here, there = FORK.Pipe(duplex=False)
        child = FORK.Process(target=work, args=(seed, left, there))
        child.start()
        there.close()
        try:
            while left:
                if not here.poll(SECONDS):
                    child.kill()
                    yield None, f"seed {seed}, network {left.pop(0)}: no end after {SECONDS} s"
                    break
                made = here.recv()
                left.pop(0)
                yield made
        except EOFError:
            child.join()
            if child.exitcode > 0:
                raise RuntimeError(f"seed {seed}, network {left[0]}: the generator fails") from None
            yield None, f"seed {seed}, network {left.pop(0)}: ONNX Runtime ends by signal {-child.exitcode}"
        finally:
            here.close()
            child.join()
