"""Every word that a newcomer would ask about, with the sentence that explains it.

Plain data, and the only place of these sentences: the list of words of each page and the helps of
controls take them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GLOSSARY: Mapping[str, str] = MappingProxyType(
    {
        "A": "The transition matrix: row i, column j is the probability that state j follows "
        "state i.",
        "Accuracy": "The share of observations for which the right state is named.",
        "AIC": "A score of a model, lower is better: 2 for each of its parameters, less twice its "
        "log-likelihood.",
        "AICc": "AIC with a correction for few data: each parameter costs more, the fewer "
        "observations there are for it.",
        "Autocorrelation": "How alike values some steps apart are: 1 if they go up and down "
        "together, 0 if they have nothing to do with each other.",
        "Barrier": "How far the likelihood falls on the straight way from one model to another, "
        "below the lower of the two.",
        "Basin": "All starting points from which training climbs to the same optimum.",
        "BIC": "A score of a model, lower is better: as AIC, but a parameter costs log(number of "
        "observations), so that more data ask for a stronger case for each.",
        "Bootstrap": "Data are drawn from the learned model and trained on, again and again: how "
        "much the numbers vary from one to the next is their standard error.",
        "Ceiling": "What the true model reaches: even it cannot tell states apart that overlap.",
        "Coverage": "The share of intervals that hold the truth; of 95 % intervals it should be "
        "95 %.",
        "Density": "How likely a number is compared with others; unlike a probability it may "
        "exceed 1.",
        "EM": "Expectation maximisation: it weighs every observation by how likely each state made "
        "it and takes the weighted averages; the likelihood never falls.",
        "Emission": "How a state makes observations, such as a mean and a spread, a rate, or the "
        "probability of each symbol.",
        "Entropy": "How unsure a model is of the state: 0 bits when it is certain, log₂ K bits "
        "when all K states are as likely.",
        "Expected stay": "How many steps a visit to a state lasts on average: 1 / (1 − the "
        "probability of staying).",
        "Film": "Play what was learned so far from its start, as a film.",
        "Filtered": "Uses the observations up to each time: what could be known then.",
        "Gradient ascent": "It follows the slope of the likelihood, as far in each step as the "
        "learning rate says; it may dip.",
        "Held out": "Data that training does not see; how likely a model makes them shows whether "
        "it learned what repeats or only what happened once.",
        "Hidden Markov model": "States that follow each other by chance, each depending on the one "
        "before, of which one sees only the observations that they make.",
        "ICL": "A score of a model, lower is better: BIC and twice the entropy of the hidden path, "
        "so that states which the data cannot tell apart cost more.",
        "Interval": "The numbers that a true number may well be: of all intervals at 95 % about 95 "
        "in 100 hold it.",
        "Iteration": "One step of training: all data are met once, and all parameters are changed.",
        "k best paths": "The k paths of states that are most probable together with all "
        "observations; the first of them is the Viterbi path.",
        "K, M, N": "The number of states, of observations in a sequence, and of sequences.",
        "Label switching": "States have no numbers of their own, so two runs may find the same "
        "model with its states in another order.",
        "Landscape": "The likelihood as a height over two numbers of the model; training climbs in "
        "it.",
        "Learning rate": "How far each gradient step goes; EM has none.",
        "Likelihood": "How probable the observations are under a model, all paths of states "
        "together; training makes it as large as it can.",
        "Local optimum": "A model that no small change improves, although a better one exists "
        "elsewhere.",
        "Log-joint": "The logarithm of the probability of one path together with the observations.",
        "Log-likelihood": "The logarithm of the likelihood, here per observation so that data of "
        "any size compare; higher is better.",
        "Log-posterior": "The log-likelihood and the logarithm of the prior together: what "
        "training climbs where there is a prior.",
        "Mark": "Mark this iteration, to find it again; press again to unmark it.",
        "Maximum": "The very top of a hill of the likelihood; standard errors mean something only "
        "there.",
        "Message": "A number for each state that passes from one time to the next: what the past, "
        "or the future, says of it.",
        "Mirror image": "The same model with its states in another order: another place on the "
        "map, and exactly the same likelihood.",
        "Missing information": "The share of what the data would say if the states were seen that "
        "is lost because they are not; the more is missing, the slower is EM.",
        "Nat": "The unit of a natural logarithm: one nat more is e = 2.718 times as likely.",
        "Observation": "What is seen at one time: a number, a count, a symbol or a point.",
        "Optimum": "A model that no small change improves: a summit of the landscape.",
        "Pass": "The highest point of a way from one summit to another that goes down as little as "
        "it can.",
        "Per-step best": "At each time for itself the most probable state; in sequence these may "
        "be an impossible path.",
        "Posterior": "How probable each state is at each time, once the observations are known.",
        "Posterior of a path": "How probable it is that the states took just this path, once the "
        "observations are known; those of all paths sum to 1.",
        "Prior": "What is held of a model before any data; none is used until you set one in the "
        "sidebar, so that only the data speak.",
        "Product": "Several quantities at once, each with a distribution of its own kind; given "
        "the state none says anything of another, so what they say of it adds up.",
        "Profile interval": "An interval found by holding one number, training all others anew, "
        "and going on until the likelihood has fallen too far.",
        "QQ plot": "Values in order over the places where as many values of a distribution would "
        "lie; on the diagonal they are distributed like that.",
        "Residual": "Where an observation stands in what the model said of it; standard normal if "
        "the model is right.",
        "Saddle": "A point where the slope is zero although it is no top, as when all states are "
        "alike: training is stuck there.",
        "Seed": "A number that fixes every random draw, so that the same settings give the same "
        "data.",
        "Smoothed": "Uses all observations, those that came later too.",
        "Standard error": "How far an estimate typically is from the truth: the standard "
        "deviation that it would have over many data sets like this one.",
        "State": "What the model is in at one time; it is never seen, only what it makes is.",
        "Stationary share": "The share of time that a state has in the long run; it is empty where "
        "that depends on the first state.",
        "Sticky prior": "A prior that has seen each state stay for some steps, so that states last "
        "longer and flicker less.",
        "Structural zero": "A probability that is zero from the start on and stays so, whatever "
        "the data say, such as a step back in a left-to-right chain.",
        "Tie": "Two paths that are exactly as probable as each other.",
        "Tied": "Said of numbers of a model that are one and the same, such as the spread of all "
        "states; they count as one parameter.",
        "True model": "The one that the data were really drawn from; its lines are dotted.",
        "Viterbi path": "The single path of states that is most probable together with all "
        "observations.",
        "Wald interval": "An interval from how sharply the likelihood bends at its top; quick, and "
        "good where there are many observations.",
        "π": "The initial probabilities: how likely a sequence begins in each state.",
        "σ": "The standard deviation of the observations around the mean of their state; its "
        "square is the variance, and Σ is the same for points.",
        "Σξ": "The expected number of steps from each state to each other, summed over all data; "
        "EM divides its rows by their sums to get the next A.",
    }
)
"""Word to sentence, in the order of the list."""
