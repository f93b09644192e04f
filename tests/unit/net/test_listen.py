"""Which of a name's addresses is listened on."""

from socket import AF_INET, AF_INET6

from tradingsys.net.listen import meant


def test_who_comes_by_a_name_of_this_machine_is_not_waited_for_on_loopback() -> None:
    assert meant([(AF_INET, "127.0.1.1"), (AF_INET, "192.0.2.7")]) == (AF_INET, "192.0.2.7")
    assert meant([(AF_INET6, "::1"), (AF_INET6, "fe80::1%eth0")]) == (AF_INET6, "fe80::1%eth0")
    assert meant([(AF_INET, "192.0.2.7"), (AF_INET6, "2001:db8::1")]) == (AF_INET, "192.0.2.7")
    assert meant([(AF_INET, "127.0.1.1")]) == (AF_INET, "127.0.1.1")
