"""Labels fall into parts and are joined again."""


def sources(plan, model):
    return plan.stages[model.networks[None]].sources


def test_labels_fall_into_inside_and_outside_of_a_fold(start):
    b = start()
    labels = b.label(b.train(b.truth, role="initial"), b.reference)
    for fold in b.folds(3):
        inside, outside = labels.inside(fold), labels.outside(fold)
        assert [case for part in inside.parts for case in part.cases] == list(fold.cases)
        rest = {case for part in outside.parts for case in part.cases}
        assert rest == set(b.reference) - set(fold.cases)


def test_joined_labels_keep_their_writers(start, finish):
    b = start()
    initial = b.train(b.truth, role="initial")
    folds = b.folds(3)
    labels = b.join(b.label(initial, fold) for fold in folds)
    assert len({part.stage for part in labels.parts}) == 3
    outside = labels.outside(folds[1])
    assert outside.parts == (labels.parts[0], labels.parts[2])
    final = b.train(b.truth, labels, role="final")
    kinds = [source.kind for source in sources(finish(b, final, labels), final)]
    assert kinds == ["labeled", "pseudo", "pseudo", "pseudo"]
