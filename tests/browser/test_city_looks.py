"""The page of the simulated city with forced colours."""

from playwright.sync_api import Browser

from clients.city.report import page as report
from tests.clients.test_city import wrong_result


def test_forced_colours_keep_the_legends_of_plots(browser: Browser) -> None:
    page = browser.new_page(forced_colors="active", color_scheme="light")
    page.set_content(report(wrong_result()))
    colours = page.locator(".key").evaluate_all("keys => keys.map(each => getComputedStyle(each).backgroundColor)")
    drawn = page.locator(".bar, .line").evaluate_all("shapes => shapes.map(each => getComputedStyle(each).color)")
    page.close()
    assert set(colours) == set(drawn)
    assert len(set(drawn)) == 3
