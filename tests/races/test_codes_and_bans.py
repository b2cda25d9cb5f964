"""Races for a code: one winner, no more guesses than allowed, and correct counters."""

from collections import Counter
from itertools import count

from tests.races.arena import AT_ONCE, BANNED, INVALID_KEY, MAX_GUESSES, WRONG_CODE, Arena, claim_answer, new_network
from tests.support.service import Phone
from tests.support.torture import times

_hash_ids = count(1)


def new_hash_id() -> str:
    return f"{next(_hash_ids):0128}"


def test_one_code_claimed_by_many_phones_has_one_winner(arena: Arena) -> None:
    for _ in range(times(1, 40)):
        (code,) = arena.codes(1)
        phones = [Phone() for _ in range(AT_ONCE)]

        replies = arena.at_once([arena.claim(code, phone) for phone in phones])

        answers = [claim_answer(reply) for reply in replies]
        winners = [number for number, reply in enumerate(replies) if reply.status == 200]
        assert len(winners) == 1
        assert Counter(answer.error for answer in answers) == {0: 1, WRONG_CODE: AT_ONCE - 1}
        sql = "SELECT server_public_key, one_time_code FROM encryption_keys WHERE app_public_key = :key"
        ((server_key, left),) = arena.service.rows(sql, key=phones[winners[0]].public_key)
        assert (bytes(server_key), left) == (answers[winners[0]].server_public_key, None)
        arena.answered["OTKClaimed"] += 1
        arena.check_counters()


def test_one_phone_key_claimed_with_two_codes_is_registered_once(arena: Arena) -> None:
    for _ in range(times(1, 40)):
        codes, phone = arena.codes(2), Phone()

        replies = arena.at_once([arena.claim(codes[number % 2], phone) for number in range(AT_ONCE)])

        assert Counter(claim_answer(reply).error for reply in replies) == {0: 1, INVALID_KEY: AT_ONCE - 1}
        states = arena.service.rows(
            "SELECT one_time_code IS NULL, app_public_key IS NOT NULL FROM encryption_keys"
            " WHERE app_public_key = :key OR one_time_code = ANY (:codes)",
            key=phone.public_key,
            codes=[arena.service.stored_code(code) for code in codes],
        )
        assert sorted(map(tuple, states)) == [(False, False), (True, True)]
        arena.answered["OTKClaimed"] += 1
        arena.check_counters()
    assert arena.service.rows("SELECT FROM failed_key_claim_attempts") == []  # none of these was a wrong code


def test_guesses_from_one_network_end_with_a_ban(arena: Arena) -> None:
    for number in range(times(1, 40)):
        network = new_network()

        replies = arena.at_once([arena.claim(f"WRONG{guess}", Phone(), network) for guess in range(AT_ONCE)])

        answers = [claim_answer(reply) for reply in replies]
        assert Counter(answer.error for answer in answers) == {WRONG_CODE: MAX_GUESSES, BANNED: AT_ONCE - MAX_GUESSES}
        remaining = sorted(answer.tries_remaining for answer in answers if answer.error == WRONG_CODE)
        assert remaining == list(range(MAX_GUESSES))  # each response has another number, down to zero
        rows = arena.service.rows("SELECT failures FROM failed_key_claim_attempts")
        assert rows == [(MAX_GUESSES,)] * (number + 1)
        arena.check_counters()


def test_a_valid_code_among_many_guesses_is_claimed_only_before_the_ban(arena: Arena) -> None:
    for _ in range(times(1, 40)):
        (code,), network, phone = arena.codes(1), new_network(), Phone()
        guesses = [arena.claim(f"WRONG{guess}", Phone(), network) for guess in range(AT_ONCE - 1)]

        replies = arena.at_once([*guesses[:20], arena.claim(code, phone, network), *guesses[20:]])

        statuses = Counter(reply.status for reply in replies)
        claimed = arena.service.rows("SELECT FROM encryption_keys WHERE app_public_key = :key", key=phone.public_key)
        # A valid code clears the failures before it (rule 46), so that up to 49 more wrong codes may be tried.
        assert statuses[401] <= MAX_GUESSES + (MAX_GUESSES - 1) * statuses[200]
        assert statuses[200] == len(claimed) == (replies[20].status == 200)
        assert statuses[429] == AT_ONCE - statuses[401] - statuses[200]
        arena.answered["OTKClaimed"] += statuses[200]
        arena.check_counters()


def test_concurrent_requests_for_one_hash_id_leave_one_valid_code(arena: Arena) -> None:
    for _ in range(times(1, 40)):
        hash_id = new_hash_id()

        replies = arena.at_once([arena.issue(hash_id)] * AT_ONCE)

        assert {reply.status for reply in replies} == {200}
        codes = [reply.body.decode().strip() for reply in replies]
        stored = arena.service.stored_hash_id(hash_id)
        ((living,),) = arena.service.rows("SELECT one_time_code FROM encryption_keys WHERE hash_id = :it", it=stored)
        assert living in {arena.service.stored_code(code) for code in codes}
        arena.answered["OTKGenerated"] += 1
        arena.answered["OTKRegenerated"] += AT_ONCE - 1
        arena.check_counters()


def test_a_code_is_claimed_or_replaced_but_not_both(arena: Arena) -> None:
    for _ in range(times(1, 40)):
        hash_id = new_hash_id()
        (code,) = arena.codes(1, hash_id)
        phones = [Phone() for _ in range(10)]
        requests = [arena.issue(hash_id)] * (AT_ONCE - len(phones))
        for phone in phones:  # alternately, beginning with a claim, so that either side may win
            requests.insert(2 * phones.index(phone), arena.claim(code, phone))

        replies = arena.at_once(requests)

        claimed = [r.status for r, sent in zip(replies, requests, strict=True) if sent.path == "/claim-key"].count(200)
        issued = [r.status for r, sent in zip(replies, requests, strict=True) if sent.path != "/claim-key"]
        stored = arena.service.stored_hash_id(hash_id)
        ((key,),) = arena.service.rows("SELECT app_public_key FROM encryption_keys WHERE hash_id = :it", it=stored)
        assert claimed == (key is not None)
        # The claimed code is the first one: it cannot have been replaced, before or after the claim.
        assert issued == [403 if claimed else 200] * len(issued)
        arena.answered["OTKClaimed"] += claimed
        arena.answered["OTKRegenerated"] += issued.count(200)
        arena.check_counters()
