"""The door: `python -m pi_receiver --ids ids.txt --received-files DIR`, or `python -m pi_receiver verify DIR`."""

from pi_receiver.app import main

if __name__ == "__main__":
    main()
