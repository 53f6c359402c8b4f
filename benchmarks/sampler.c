/* The loop of remand.engine.cohorts in C99, line by line, as the yardstick of the compiled Python:
 * the same generator, the same tables, the same order of draws, so the counts must be the same.
 *
 * Only what workload W needs stands here: nobody inside at the start, Poisson arrivals, no limits,
 * no records of persons, and exits with one law each, of which no policy has moved a share.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { BINS = 4096, WHICH_STAY = 0, WHICH_ARRIVE = 1, PURPOSES = 3 };

static const uint64_t WEYL = 0x9E3779B97F4A7C15u, SLOT = 8, THREE = 3;

/* Arrays of remand.engine.plan.Plan, by the same names; sizes first. */
typedef struct {
    int64_t steps, states, moves, exits, reached, arriving_states;
    const int64_t *origin, *move, *into_start, *into, *exit_start, *exit_move, *exit_usual;
    const int64_t *way_start, *way_channel, *law, *profile, *arriving, *arrivals_mode;
    const double *way_share, *reach, *profiles;
    const double *arrivals_mean, *arrivals_below, *arrivals_chance;
    const int32_t *guide;
    const bool *stale;
    const uint64_t *keys;
} Plan;

/* Alias tables of all states, by exit. */
typedef struct {
    double *cut;
    int64_t *other, *law;
} Odds;

static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static double unit(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

static uint64_t stream(uint64_t world, uint64_t purpose, int64_t step) {
    return mix(mix(world ^ purpose) + WEYL * (uint64_t)(step + 1));
}

/* The least count whose chance of at most so many exceeds u, sought from the middle. */
static int64_t count_of(double u, double mean, int64_t mode, double below, double chance) {
    int64_t count = mode;
    while (u < below - chance && count > 0) {
        below -= chance;
        chance *= (double)count / mean;
        count--;
    }
    while (u >= below && (chance > 1e-300 || count <= mode)) {
        count++;
        chance *= mean / (double)count;
        below += chance;
        if (chance < 1e-18 && count > mode) break;
    }
    return count;
}

/* The alias tables of one state for those who enter at one step. */
static void make_odds(const Plan *plan, int64_t g, int64_t s, int64_t t, Odds *odds) {
    const int64_t *exits = plan->exit_start + g * (plan->states + 1) + s;
    const int64_t first = exits[0], last = exits[1];
    double usual = 0.0;
    for (int64_t k = first; k < last; k++)
        usual += plan->profiles[plan->exit_usual[k] * plan->steps + t];
    for (int64_t k = first; k < last; k++) {
        const double was = plan->profiles[plan->exit_usual[k] * plan->steps + t] / usual;
        odds->law[k] = plan->law[plan->way_channel[plan->way_start[k]]];
        odds->cut[k] = was * (double)(last - first);
        odds->other[k] = k;
    }
    for (;;) {
        int64_t small = -1, large = -1;
        for (int64_t k = first; k < last; k++) {
            if (odds->other[k] == k && odds->cut[k] < 1.0) small = k;
            else if (odds->cut[k] > 1.0) large = k;
        }
        if (small < 0 || large < 0) break;
        odds->other[small] = large;
        odds->cut[large] -= 1.0 - odds->cut[small];
    }
}

/* The least stay whose chance of at most so long exceeds x. */
static int64_t stay_of(const Plan *plan, int64_t law, double x) {
    const int32_t found = plan->guide[law * BINS + (int64_t)(x * BINS)];
    int64_t stay = found >> 1;
    if ((found & 1) == 0)
        while (plan->reach[law * plan->reached + stay] <= x) stay++;
    return stay;
}

/* Draw stratum g step by step into moved (steps + 1, moves); how many moves, or -1: no memory. */
int64_t march(const Plan *plan, int64_t g, uint64_t key, int32_t *moved) {
    const int64_t steps = plan->steps, states = plan->states, moves = plan->moves;
    Odds odds = {
        calloc((size_t)plan->exits, sizeof(double)),
        calloc((size_t)plan->exits, sizeof(int64_t)),
        calloc((size_t)plan->exits, sizeof(int64_t)),
    };
    int64_t *waiting = calloc((size_t)moves, sizeof *waiting);
    int64_t *slots = calloc((size_t)states, sizeof *slots);
    int64_t *inside = calloc((size_t)states, sizeof *inside);
    bool *old = calloc((size_t)states, sizeof *old);
    int64_t records = -1;
    if (!odds.cut || !odds.other || !odds.law || !waiting || !slots || !inside || !old) goto end;
    records = 0;
    for (int64_t t = 0; t < steps; t++) {
        for (int64_t m = 0; m < moves; m++) {
            const int32_t count = moved[t * moves + m];
            waiting[m] = count;
            if (plan->origin[m] < states) inside[plan->origin[m]] -= count;
        }
        for (int64_t s = 0; s < states; s++) {
            slots[s] = 0;
            if (plan->stale[(g * steps + t) * states + s]) old[s] = true;
        }
        for (int64_t a = 0; a < plan->arriving_states; a++) {
            const int64_t cell = (g * plan->arriving_states + a) * steps + t;
            if (plan->arrivals_mean[cell] <= 0.0) continue;
            const int64_t s = plan->arriving[a], m = plan->move[states * (states + 1) + s];
            const uint64_t purpose = plan->keys[(g * states + s) * PURPOSES + WHICH_ARRIVE];
            const int64_t count = count_of(
                unit(mix(stream(key, purpose, t))), plan->arrivals_mean[cell],
                plan->arrivals_mode[cell], plan->arrivals_below[cell], plan->arrivals_chance[cell]);
            moved[t * moves + m] += (int32_t)count;
            waiting[m] += count;
            records += count;
        }
        bool busy = true;
        while (busy) {
            busy = false;
            for (int64_t s = 0; s < states; s++) {
                int64_t count = 0;
                for (int64_t j = plan->into_start[s]; j < plan->into_start[s + 1]; j++) {
                    count += waiting[plan->into[j]];
                    waiting[plan->into[j]] = 0;
                }
                if (count == 0) continue;
                busy = true;
                if (old[s]) {
                    make_odds(plan, g, s, t, &odds);
                    old[s] = false;
                }
                const int64_t first = plan->exit_start[g * (states + 1) + s];
                const int64_t size = plan->exit_start[g * (states + 1) + s + 1] - first;
                const uint64_t purpose = plan->keys[(g * states + s) * PURPOSES + WHICH_STAY];
                uint64_t at = stream(key, purpose, t) + WEYL * (SLOT * (uint64_t)slots[s]);
                for (int64_t person = 0; person < count; person++) {
                    int64_t k = first;
                    if (size > 1) {
                        const double x = unit(mix(at)) * (double)size;
                        k += (int64_t)x;
                        const int64_t instead = odds.other[k];
                        k = x - (double)(int64_t)x >= odds.cut[k] ? instead : k;
                    }
                    int64_t leaves = t + stay_of(plan, odds.law[k], unit(mix(at + WEYL * THREE)));
                    if (leaves > steps) leaves = steps;
                    at += WEYL * SLOT;
                    const int64_t m = plan->exit_move[k];
                    moved[leaves * moves + m]++;
                    if (leaves == t) {
                        waiting[m]++;
                        inside[s]--;
                    }
                }
                slots[s] += count;
                inside[s] += count;
                records += count;
            }
        }
    }
end:
    free(odds.cut), free(odds.other), free(odds.law);
    free(waiting), free(slots), free(inside), free(old);
    return records;
}
