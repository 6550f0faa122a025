"""The door: `python -m processor_orchestrator`."""

from processor_orchestrator.app import main

if __name__ == "__main__":
    main()
