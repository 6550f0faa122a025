"""Clients are found by what they want, without asking each of them."""

from processor_orchestrator.domain.client import Clients

ANNA, BORIS, CLARA = 1, 2, 3


def test_clients_are_found_by_what_they_want():
    clients = Clients()
    for peer in (ANNA, BORIS, CLARA):
        clients.join(peer)
    clients.want(ANNA, images=True)
    clients.want(BORIS, images=True)
    clients.want(BORIS, cameras=True, sightings=False)
    assert (clients.all, clients.for_images) == ((ANNA, BORIS, CLARA), (ANNA, BORIS))
    assert (clients.for_cameras, clients.for_sightings) == ((BORIS,), ())
    clients.leave(BORIS)
    assert (clients.all, clients.for_images, clients.for_cameras) == ((ANNA, CLARA), (ANNA,), ())
    assert (BORIS in clients, len(clients)) == (False, 2)
