import numpy as np
from sklearn.base import clone

from vocx.classify import FewShotClassifier
from vocx.pipeline import Model

SHOWN = {
    "delivery": ["The parcel came late", "My parcel never came", "The courier lost the parcel"],
    "refund": ["My refund is still not here", "They refused the refund", "The refund took weeks"],
}


def test_a_few_examples_tell_two_stages_apart(tiny: Model) -> None:
    texts = [t for listed in SHOWN.values() for t in listed]
    names = [n for n, listed in SHOWN.items() for _ in listed]
    found = FewShotClassifier().fit(tiny.vectors(texts), names)
    asked = tiny.vectors(["The parcel is lost", "No refund so far"])
    assert found.predict(asked).tolist() == ["delivery", "refund"]
    assert np.allclose(found.predict_proba(asked).sum(axis=1), 1)


def test_where_no_class_stands_out_the_answer_is_null(tiny: Model) -> None:
    texts = [t for listed in SHOWN.values() for t in listed]
    names = [n for n, listed in SHOWN.items() for _ in listed]
    found = FewShotClassifier(least=1.99).fit(tiny.vectors(texts), names)
    said, score = found.answers(tiny.vectors(["", "The parcel came late"]))
    assert said[0] is None
    assert 0.4 < score[0] < 0.6
    assert clone(found).get_params() == {"C": 10.0, "least": 1.99}


def test_nothing_to_answer(tiny: Model) -> None:
    found = FewShotClassifier().fit(np.eye(4), ["a", "a", "b", "b"])
    said, score = found.answers(np.zeros((0, 4)))
    assert len(said) == len(score) == 0
