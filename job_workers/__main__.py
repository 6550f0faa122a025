"""The door: `python -m job_workers`."""

from job_workers.app import main

if __name__ == "__main__":
    main()
