//! Limits that several owners of a table reach together.

use super::shared::{Counted, Place, Refusal};

/// What an owner has counted in an epoch: the counts at its beginning, and what has changed them.
pub(crate) type CountedBy = ([u64; 2], Vec<Counted>);

/// Returns whether the owners may have reached a limit within the epoch.
pub(crate) fn may_be_reached(limits: [Option<u64>; 2], counts_and_additions: &[([u64; 2], u64)]) -> bool {
    (0..2).any(|which| {
        let most: u64 = counts_and_additions.iter().map(|(counts, added)| counts[which] + added).sum();
        limits[which].is_some_and(|max| most > max)
    })
}

/// Returns the first addition that one worker would have refused: its line, and which addition of the line it is by which limit.
pub(crate) fn first_refusal(limits: [Option<u64>; 2], owners: &[CountedBy]) -> Option<(u64, Refusal)> {
    let mut counts: Vec<_> = owners.iter().map(|(counts, _)| *counts).collect();
    let mut changes: Vec<(Place, usize, &Counted)> = (owners.iter().enumerate())
        .flat_map(|(owner, (_, counted))| counted.iter().map(move |one| (one.place, owner, one)))
        .collect();
    // Stable: what one owner counts at a place stays in order.
    changes.sort_by_key(|(place, owner, _)| (*place, *owner));
    let (mut line_no, mut additions) = (0, 0);
    for (place, owner, change) in changes {
        counts[owner] = change.counts;
        if !change.is_addition {
            continue;
        }
        if place.line_no() != line_no {
            (line_no, additions) = (place.line_no(), 0);
        }
        let is_reached = |which: usize| {
            let count: u64 = counts.iter().map(|counts| counts[which]).sum();
            limits[which].is_some_and(|max| count >= max)
        };
        if is_reached(0) {
            return Some((line_no, (additions, 0)));
        }
        if change.is_owner_new && is_reached(1) {
            return Some((line_no, (additions, 1)));
        }
        additions += 1;
        counts[owner][0] += 1;
        counts[owner][1] += u64::from(change.is_owner_new);
    }
    None
}
