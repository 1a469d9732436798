"""A class of 24 in real Chromium: each with a link of their own, and the teacher who sees where they are."""

import csv
import io

import pytest

import chromium
import school


def test_a_class_of_24_plays_and_outlives_a_kill(chrome, tmp_path):
    contexts = []

    def page_of(link):
        contexts.append(chrome.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB"))
        page = contexts[-1].new_page()
        page.goto(link)
        return page

    try:
        with school.held(tmp_path, 24, "--lab", "stolen-token") as held:
            teacher = page_of(held.teacher)
            teacher.get_by_text("24 learners, 24 have begun, 0 are done").wait_for()
            pages = {learner.number: page_of(learner.link) for learner in held.learners}
            for number, page in pages.items():
                page.get_by_role("button", name="Play it").wait_for()
                words = {0: ("refused", "accepted", "End"), 1: ("refused", "refused", "Home"), 2: ("accepted", "accepted", "ArrowRight")}[number % 3]
                for at in (0, 1):
                    page.get_by_role("group").nth(at).get_by_label(words[at]).check()
                page.get_by_role("slider").focus()
                # From the first stop to itself is no change.
                for key in ("ArrowRight", words[2]):
                    page.get_by_role("slider").press(key)
            teacher.get_by_role("row", name="24 stolen-token predicts: 3 of 3").wait_for()
            chromium.assert_accessible(teacher)
            for number in range(1, 13):
                pages[number].get_by_role("button", name="Play it").click()
                pages[number].get_by_role("button", name="Next step").wait_for()
            before = held.ask("GET", "/class").json()
            assert [each["played"] for each in before["items"]] == [1] * 12 + [0] * 12
            port = held.http.rpartition(":")[2]
            held.process.kill()
        with school.held(tmp_path, 24, port=port) as held:
            assert held.ask("GET", "/class").json() == before
            for number, page in pages.items():
                page.reload()
                page.get_by_role("button", name="Next step" if number <= 12 else "Play it").click()
                page.get_by_role("button", name="Play the rest").click()
                page.get_by_text(f"Score: {[3, 1, 1][number % 3]} of 3").wait_for()
                # A learner has no way to the dashboard, which asks for what is not the learner's.
                assert page.get_by_role("link").count() == 0
            teacher.get_by_text("24 learners, 24 have begun, 24 are done").wait_for()
            with teacher.expect_download() as download:
                teacher.get_by_role("button", name="Save the results as CSV").click()
            rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
            assert len(rows) == 72 and sum(int(row["points"]) for row in rows) == 8 * (3 + 1 + 1)
    finally:
        for context in contexts:
            context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_teachers_page_is_read_on_a_phone_and_at_the_board(chrome, tmp_path, scheme, width):
    with school.held(tmp_path, 3) as held:
        context = chrome.new_context(viewport={"width": width, "height": 720}, color_scheme=scheme)
        try:
            page = context.new_page()
            page.goto(held.teacher)
            page.get_by_role("row", name="3 has not begun").wait_for()
            chromium.assert_accessible(page)
            page.goto(held.learners[0].link)
            page.get_by_role("button", name="Start: The lost laptop").click()
            page.get_by_role("button", name="Play it").wait_for()
            chromium.assert_accessible(page)
        finally:
            context.close()
