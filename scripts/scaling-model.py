# SPDX-License-Identifier: Apache-2.0
"""Prints the model of Documentation/Processes.md: seconds a step against the number of processes, on paper.

A step of B images on n processes: compute * B / n, plus one ring for the gradients, plus one ring for each message of
the synchronised normalisation. A ring of G bytes takes 2 (n - 1) hops and 2 (n - 1) / n * G / bandwidth.
"""

import argparse

# name: seconds an image on one process, bytes of gradients, messages of the normalisation a step
NETWORKS = {
    "ESPNet, 320x240": (0.107, 0.76e6, 48),
    "DeepLabV2-R101, 512x256": (5.33, 172e6, 312),
}
# name: seconds a hop, bytes a second
LINKS = {"1 Gbit/s": (100e-6, 0.117e9), "25 Gbit/s": (30e-6, 2.9e9)}


def ring(n, size, hop, bandwidth):
    return 2 * (n - 1) * hop + 2 * (n - 1) / n * size / bandwidth


def step(n, batch, network, link, sync):
    compute, gradients, messages = NETWORKS[network]
    hop, bandwidth = LINKS[link]
    exchange = ring(n, gradients, hop, bandwidth) + (messages if sync else 0) * ring(n, 4e3, hop, bandwidth)
    return compute * batch / n + (exchange if n > 1 else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=4, help="images a process in each step (default: 4)")
    given = parser.parse_args()
    print("| processes | " + " | ".join(f"{n}, {link}" for n in NETWORKS for link in LINKS) + " |")
    print("|" + "---|" * (1 + len(NETWORKS) * len(LINKS)))
    for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024):
        cells = []
        for network in NETWORKS:
            for link in LINKS:
                batch = given.images * n
                one = step(1, given.images, network, link, True)
                cells.append(" / ".join(f"{100 * one / step(n, batch, network, link, s):.0f} %" for s in (True, False)))
        print(f"| {n} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
