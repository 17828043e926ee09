#!/usr/bin/env python3
"""What a month costs at AWS, from measured milliseconds and list prices. `infra/costs.py --help`.

The default milliseconds are those of the 1280-pixel photo that the page sends, measured by tests/peers/function.py on one x86-64 core.
Prices are list prices in US dollars as remembered on 2026-11-25 from public tables, without the free tiers of Lambda, the API and the CDN;
check them before you rely on them. What a month costs without any visitor (alarms, dashboard, metrics) is added.
"""

import argparse

# Seconds and gigabytes of memory of the function.
LAMBDA = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
LAMBDA_REQUEST = 0.20 / 1e6
API_REQUEST = 1.00 / 1e6
S3_WRITE, S3_READ = 0.005 / 1e3, 0.0004 / 1e3
# Requests over HTTPS and traffic to visitors (the dearest of the usual regions: Japan).
CDN_REQUEST, CDN_GB = 0.012 / 1e4, 0.114
LOG_GB = 0.50
VISION, VISION_FREE = 1.50 / 1e3, 1000
# Four alarms beyond the free ten cost nothing; fifteen metrics beyond the free ten and a dashboard within the free three.
STANDING = 5 * 0.30

# One processor comes with so many megabytes; below that the same work takes longer, above it no less: one thread does most of it.
WHOLE_PROCESSOR = 1769
# A visit: who the judge knows, a ticket, the event that judges, polls of the result, the page itself (as if nobody came back to it).
OPEN_TICKET_MS = 6
INVOCATIONS, API_CALLS, POLLS, PAGE_REQUESTS = 3, 2, 5, 34
# Waiting document and marker, photo, terminal document and when the photo was deleted, the counts (once a minute when it is busy); ticket,
# photo and counts read, one read for each poll.
WRITES, READS = 6, 4
PAGE_KB, LOG_KB = 210, 2.4


def lambda_cost(count, ms, memory, architecture):
    """Dollars for `count` judgements whose processor time at a whole processor is `ms`."""
    slower = max(1.0, WHOLE_PROCESSOR / memory)
    seconds = (ms + OPEN_TICKET_MS) * slower / 1000
    return count * (seconds * memory / 1024 * LAMBDA[architecture] + INVOCATIONS * LAMBDA_REQUEST)


def other_costs(count):
    """Dollars for everything but the function and Cloud Vision, by service."""
    cdn_requests = API_CALLS + POLLS + PAGE_REQUESTS
    return {
        "API": count * API_CALLS * API_REQUEST,
        "S3": count * (WRITES * S3_WRITE + (READS + POLLS) * S3_READ),
        "CloudFront": count * (cdn_requests * CDN_REQUEST + PAGE_KB / 1e6 * CDN_GB),
        "logs": count * LOG_KB / 1e6 * LOG_GB,
        "standing": STANDING,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgements", type=float, nargs="+", default=[1e3, 1e5, 1e7, 1e8], help="judgements a month")
    parser.add_argument("--ms", type=float, default=DEFAULT_MS, help=f"milliseconds of a warm judgement [{DEFAULT_MS}]")
    parser.add_argument("--memory", type=int, nargs="+", default=[512, 1024, 1769, 3008], help="megabytes of the function")
    args = parser.parse_args()
    rows = {}
    for architecture in LAMBDA:
        for memory in args.memory:
            costs = [lambda_cost(count, args.ms, memory, architecture) for count in args.judgements]
            rows[f"function, {architecture}, {memory} MB"] = costs
    cheapest = [min(costs) for costs in zip(*rows.values())]
    others = [other_costs(count) for count in args.judgements]
    rows |= {service: [costs[service] for costs in others] for service in others[0]}
    rows["**sum, with the cheapest function**"] = [least + sum(costs.values()) for least, costs in zip(cheapest, others)]
    rows["Cloud Vision, one call for each, beside it"] = [max(0.0, count - VISION_FREE) * VISION for count in args.judgements]
    print("| US dollars a month for | " + " | ".join(f"{count:,.0f}" for count in args.judgements) + " |")
    print("|---" * (len(args.judgements) + 1) + "|")
    for name, costs in rows.items():
        print(f"| {name} | " + " | ".join(f"{cost:,.2f}" for cost in costs) + " |")


DEFAULT_MS = 17.0

if __name__ == "__main__":
    main()
