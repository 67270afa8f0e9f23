"""The table of cases in the docs."""

from tests.integration.crashes import table


def test_the_docs_have_every_case_and_no_other() -> None:
    """Each test of a case has its line in the docs; what is in a line, the case itself compares."""
    assert [table.sentence_of(line) for line in table.rows()] == table.sentences()
