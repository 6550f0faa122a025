"""The system calls that foreign code may not make, as a program for the kernel's filter (seccomp(2), bpf). Pure.

A list of what is refused, not of what is allowed: foreign programs are of any language, and what they could harm is
walled off by namespaces already. Refused is what reaches past those walls (other address families, keyrings), what
grows memory that no limit counts (memory files, System V objects), and what widens the kernel's surface (tracing,
mounts, new namespaces, io_uring, bpf).
"""

import struct

from backbone.errors import Unavailable

_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF opcodes
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENT_0 = 0, 4, 16  # offsets in struct seccomp_data
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone(2) takes
_X32 = 0x40000000
# AF_UNIX. Internet sockets have nowhere to go in their namespace, but their buffers come from the whole machine's
# share; vsock and others have no namespace.
_FAMILIES = (1,)
_SAME_EVERYWHERE = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "memfd_secret": 447,
}
# name: (x86_64, aarch64); None where an architecture lacks it
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "init_module": (175, 105),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "memfd_create": (319, 279),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "sched_setaffinity": (203, 122),
    "semget": (64, 190),
    "set_mempolicy": (238, 237),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmget": (29, 194),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
# machine: (AUDIT_ARCH_*, column above, clone, clone3, socket)
_MACHINES = {"x86_64": (0xC000003E, 0, 56, 435, 41), "aarch64": (0xC00000B7, 1, 220, 435, 198)}


def seccomp_filter(machine: str) -> bytes:
    """Return the filter for a machine (`platform.machine()`), as the kernel takes it: struct sock_filter after another.

    Raises:
        Unavailable: no filter is known for it.
    """
    if machine not in _MACHINES:
        raise Unavailable(f"expected a machine of {', '.join(_MACHINES)}, got {machine}", code="no_sandbox")
    architecture, column, clone, clone3, socket = _MACHINES[machine]
    refused = [numbers[column] for numbers in _REFUSED.values()] + list(_SAME_EVERYWHERE.values())
    program = [_op(_LOAD, _ARCHITECTURE), _op(_EQUAL, architecture, 1, 0), _op(_RETURN, _KILL), _op(_LOAD, _NUMBER)]
    if machine == "x86_64":
        program += [_op(_AT_LEAST, _X32, 0, 1), _op(_RETURN, _KILL)]
    for number in refused:
        if number is not None:
            program += [_op(_EQUAL, number, 0, 1), _refuse(_EPERM)]
    # The flags of clone3 lie behind a pointer that no filter follows; C libraries then use clone.
    program += [_op(_EQUAL, clone3, 0, 1), _refuse(_ENOSYS)]
    program += [_op(_EQUAL, clone, 0, 4), _op(_LOAD, _ARGUMENT_0), _op(_ANY_BIT, _NEW_NAMESPACES, 0, 1)]
    program += [_refuse(_EPERM), _op(_RETURN, _ALLOW)]
    program += [_op(_EQUAL, socket, 0, 2 + len(_FAMILIES)), _op(_LOAD, _ARGUMENT_0)]
    program += [_op(_EQUAL, family, len(_FAMILIES) - place, 0) for place, family in enumerate(_FAMILIES)]
    program += [_refuse(_EAFNOSUPPORT), _op(_RETURN, _ALLOW)]
    return b"".join(program)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(errno: int) -> bytes:
    return _op(_RETURN, _ERRNO | errno)
