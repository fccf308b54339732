"""Links that were copied once, and the log-likelihoods that they must give for ever.

When one of these fails, links that people keep no longer open what they opened: mend the change,
not the numbers.
"""

from urllib.parse import parse_qsl

import pytest

from pages.ui.session.session import Session

TAIL = "&train=initial_probs.transition_matrix.means.covariances&speed=10&sequence=1&shown=EM"
LINKS = {
    "EM, looking back": (
        "data=generated&K=4&M=80&N=6&noise=0.5&seed=3&structure=cyclic&stay=0.7&means=spaced"
        "&apart=1.5&start=random&start_seed=0&method=EM&rate=0.05&optimizer=adam"
        f"{TAIL}&posterior=smoothed&runs=EM_25&at=10",
        {"EM": (25, -586.9114766644983)},
    ),
    "gradient": (
        "data=generated&K=3&M=60&N=5&noise=0.5&seed=11&structure=sticky&stay=0.9&means=spaced"
        "&apart=1.5&start=quantiles&start_seed=0&method=Gradient&rate=0.1&optimizer=adam"
        "&train=means.covariances&speed=10&sequence=1&shown=EM&posterior=smoothed"
        "&runs=Gradient_40",
        {"Gradient": (40, -344.1417707186712)},
    ),
    "both, the gradient revised twice": (
        "data=generated&K=3&M=50&N=4&noise=0.8&seed=5&structure=sticky&stay=0.9&means=spaced"
        "&apart=1.5&start=kmeans&start_seed=0&method=Both&rate=0.3&optimizer=plain"
        f"{TAIL}&posterior=smoothed"
        "&runs=EM_25~Gradient_25_0_0.05_adam_12_0.3_adam_20_0.3_plain&at=20&marks=12.25",
        {"EM": (25, -274.0535194965435), "Gradient": (25, -278.9353146292004)},
    ),
    "edited tables": (
        "data=generated&K=3&M=70&N=5&noise=0.5&seed=2&structure=edited&stay=0.9&means=edited"
        "&apart=1.5&pi=eNpjYACBB_ZgiuECnAYAID0DPg&A=eNozNgaBx_Zgyviy_ayZILATSp-0TwODZ3BxBhTwwB5G"
        "AwD0Mhgd&mu=eNpjYACBD_vBFMMDewjN5QAAKPIDGQ&start=near-truth&start_seed=7&method=EM"
        f"&rate=0.05&optimizer=adam{TAIL}&posterior=smoothed&runs=EM_21",
        {"EM": (21, -510.0399862399703)},
    ),
    "the notebook's data": (
        "data=notebook&K=5&M=10&N=2&noise=1.0&seed=8&structure=softmax&stay=0.9&means=log"
        "&apart=1.5&start=random&start_seed=0&method=Both&rate=0.05&optimizer=adam"
        f"{TAIL}&posterior=smoothed&runs=EM_15~Gradient_15",
        {"EM": (15, -12.851550665187245), "Gradient": (15, -27.06457783032861)},
    ),
    "counts": (
        "data=generated&family=counts&K=3&M=60&N=5&noise=0.5&seed=4&structure=sticky&stay=0.9"
        "&means=spaced&apart=1.5&start=quantiles&start_seed=0&method=Both&rate=0.05"
        "&optimizer=adam&fan=off&train=initial_probs.transition_matrix.rates&speed=10"
        "&sequence=1&shown=EM&posterior=smoothed&along=iterations&distance=best&component=1"
        "&runs=EM_30~Gradient_30",
        {
            "EM": (30, -636.7557109891025),
            "Gradient": (30, -638.1743141726384),
        },
    ),
    "symbols": (
        "data=generated&family=symbols&K=3&M=80&N=6&noise=0.5&C=7&sharp=1.3&seed=6"
        "&structure=sticky&stay=0.9&means=spaced&apart=1.5&start=random&start_seed=0"
        "&method=Both&rate=0.05&optimizer=adam&fan=off"
        "&train=initial_probs.transition_matrix.probs&speed=10&sequence=1&shown=EM"
        "&posterior=smoothed&along=iterations&distance=best&component=1&runs=EM_30"
        "~Gradient_30",
        {
            "EM": (30, -647.2535768174225),
            "Gradient": (30, -683.5401544570227),
        },
    ),
    "points with full covariances": (
        "data=generated&family=points&K=3&M=60&N=5&noise=0.5&cov=full&seed=7&structure=sticky"
        "&stay=0.9&means=spaced&apart=1.5&start=kmeans&start_seed=0&method=Both&rate=0.03"
        "&optimizer=adam&fan=off&train=initial_probs.transition_matrix.means.covariances"
        "&speed=10&sequence=1&shown=EM&posterior=smoothed&along=iterations&distance=best"
        "&component=1&runs=EM_20~Gradient_20",
        {
            "EM": (20, -406.9163405857345),
            "Gradient": (20, -413.54229714589445),
        },
    ),
    "means of a network": (
        "data=generated&K=4&M=60&N=5&noise=0.5&seed=9&structure=sticky&stay=0.9&means=spaced"
        "&apart=1.5&start=random&start_seed=0&model=network&method=Both&rate=0.02"
        "&optimizer=adam&fan=off&train=initial_probs.transition_matrix.means.covariances"
        "&speed=10&sequence=1&shown=EM&posterior=smoothed&along=iterations&distance=best"
        "&component=1&runs=EM_20~Gradient_20",
        {
            "EM": (20, -375.8460215443521),
            "Gradient": (20, -485.55701144812895),
        },
    ),
    "a sweep with momentum, its rate revised": (
        "data=generated&K=3&M=50&N=4&noise=0.5&seed=10&structure=sticky&stay=0.9&means=spaced"
        "&apart=1.5&start=quantiles&start_seed=0&method=Gradient&rate=0.02&optimizer=momentum"
        "&fan=5&train=initial_probs.transition_matrix.means.covariances&speed=10&sequence=1"
        "&shown=EM&posterior=smoothed&along=iterations&distance=best&component=1"
        "&runs=Gradient_22_0_0.01_momentum_12_0.02_momentum"
        "~Gradient%25200.002_22_0_0.001_momentum_12_0.002_momentum"
        "~Gradient%25200.00667_22_0_0.00333_momentum_12_0.00667_momentum"
        "~Gradient%25200.06_22_0_0.03_momentum_12_0.06_momentum"
        "~Gradient%25200.2_22_0_0.1_momentum_12_0.2_momentum",
        {
            "Gradient": (22, -285.02086253657376),
            "Gradient 0.002": (22, -340.52315034332753),
            "Gradient 0.00667": (22, -325.75316517820966),
            "Gradient 0.06": (22, -256.15101877734566),
            "Gradient 0.2": (22, -247.12616129458442),
        },
    ),
    "a symmetric start, nudged": (
        "data=generated&K=3&M=60&N=5&noise=0.5&seed=12&structure=sticky&stay=0.9&means=spaced"
        "&apart=1.5&start=symmetric&start_seed=0&nudge=2&method=Both&rate=0.05&optimizer=adam"
        "&fan=off&train=initial_probs.transition_matrix.means.covariances&speed=10&sequence=1"
        "&shown=EM&posterior=smoothed&along=iterations&distance=best&component=1&runs=EM_40"
        "~Gradient_40",
        {
            "EM": (40, -352.9322163524647),
            "Gradient": (40, -467.77839043220155),
        },
    ),
    "another number of true states": (
        "data=generated&K=3&M=60&N=6&noise=0.5&seed=13&true_K=5&structure=sticky&stay=0.9"
        "&means=spaced&apart=1.5&start=random&start_seed=2&method=Both&rate=0.05"
        "&optimizer=adam&fan=off&train=initial_probs.transition_matrix.means.covariances"
        "&speed=10&sequence=1&shown=EM&posterior=smoothed&along=iterations&distance=best"
        "&component=1&runs=EM_25~Gradient_25",
        {
            "EM": (25, -576.17639597727),
            "Gradient": (25, -636.4292327579884),
        },
    ),
}


@pytest.mark.parametrize(("link", "expected"), LINKS.values(), ids=LINKS.keys())
def test_a_kept_link_opens_what_it_always_opened(link, expected):
    session = Session.from_url(dict(parse_qsl(link)))
    assert session.notes == ()
    while session.replay is not None:
        session.tick()
    assert expected.keys() <= session.runs.keys()
    for name, run in session.runs.items():
        iteration, log_likelihood = expected.get(name, (0, run.state.log_likelihood))
        assert run.state.iteration == iteration
        assert run.state.log_likelihood == pytest.approx(log_likelihood, rel=1e-9)


def test_a_kept_link_looks_at_the_same_iteration_with_its_marks():
    link, _ = LINKS["both, the gradient revised twice"]
    session = Session.from_url(dict(parse_qsl(link)))
    assert (session.at, session.marks) == (20, (12, 25))
    assert session.shown_state.iteration == 20
