"""Random bytes for whatever reads bytes.

    python -m fuzz resp|text|frames|json|sniff|bind [--seconds 10] [--seed N]

    corpus     what each target is given first, and what is cut and spliced into it
    mutate     how one input becomes another
    targets    what is done with an input, and what must hold whatever it is
    run        inputs until the time is up, or so many; the first that breaks something is shown

The same seed gives the same inputs. What breaks something becomes a row of a table in `tests`.
"""
