"""Side-by-side measurements against what a user would use instead, and the accuracy of the face model.

How data flows:
    `Comparison`   two sides that do the same work, and a check that says whether their results agree
      -> `measure` both sides in turns, at least five times each, after the check
      -> `Measured` ratio, spread, peak memory of each side in a process of its own
      -> `results` a table in `RESULTS.md`, one section for each command
Nothing is asserted about time. A difference in the results fails the command.
"""
