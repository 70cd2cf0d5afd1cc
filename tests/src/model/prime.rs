//! Primality of any number an `id` can spell.

/// Below this bound trial division is fast enough: at most 31,622 divisors.
const TRIAL_DIVISION_BELOW: u64 = 1_000_000_000;

/// No composite below 3,317,044,064,679,887,385,961,981 passes all of these (Sorenson and Webster, 2015).
const BASES: [u64; 13] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41];

/// Returns whether `number` is prime.
pub(super) fn is_prime(number: u64) -> bool {
    if number < TRIAL_DIVISION_BELOW {
        has_no_divisor(number)
    } else {
        BASES.iter().all(|base| is_strong_probable_prime(number, *base))
    }
}

fn has_no_divisor(number: u64) -> bool {
    let mut divisor = 2;
    while divisor * divisor <= number {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 1;
    }
    number >= 2
}

/// Returns whether `number`, larger than `base`, passes the test of Miller and Rabin to that base.
///
/// Take `base` to the power of `number - 1`, halved as long as it is even. If `number` is prime, this is 1, or
/// squaring it gives -1 before the power is `number - 1` again: 1 has no other square roots modulo a prime.
fn is_strong_probable_prime(number: u64, base: u64) -> bool {
    let mut exponent = number - 1;
    let mut halvings = 0;
    while exponent.is_multiple_of(2) {
        exponent /= 2;
        halvings += 1;
    }
    let mut root = power(base, exponent, number);
    if root == 1 {
        return true;
    }
    for _ in 0..halvings {
        if root == number - 1 {
            return true;
        }
        root = product(root, root, number);
    }
    false
}

/// Returns `base` to the power of `exponent`, modulo `modulus`.
fn power(base: u64, exponent: u64, modulus: u64) -> u64 {
    if exponent == 0 {
        return 1;
    }
    let root = power(base, exponent / 2, modulus);
    let square = product(root, root, modulus);
    if exponent.is_multiple_of(2) { square } else { product(square, base, modulus) }
}

/// Returns `left` times `right`, modulo `modulus`.
fn product(left: u64, right: u64, modulus: u64) -> u64 {
    let remainder = u128::from(left) * u128::from(right) % u128::from(modulus);
    u64::try_from(remainder).unwrap_or_else(|_| unreachable!("a remainder is smaller than its divisor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_primes_are_prime() {
        // The last are the largest primes below 2^31, 2^32, 10^18 and 10^19.
        for prime in [
            2,
            3,
            5,
            7,
            97,
            7919,
            999_999_937,
            1_000_000_007,
            2_147_483_647,
            4_294_967_291,
            999_999_999_999_999_989,
            9_999_999_999_999_999_961,
        ] {
            assert!(is_prime(prime), "{prime}");
        }
    }

    #[test]
    fn known_composites_are_not() {
        // Squares of primes, Carmichael numbers, and the least strong pseudoprimes to the first 1, 2, .. primes at
        // once: a test with too few bases takes these for primes.
        for composite in [
            0,
            1,
            4,
            561,
            1_729,
            825_265,
            2_047,
            1_373_653,
            25_326_001,
            3_215_031_751,
            2_152_302_898_747,
            3_474_749_660_383,
            341_550_071_728_321,
            3_825_123_056_546_413_051,
            999_999_937 * 999_999_937,
            2_147_483_647 * 2_147_483_647,
            9_999_999_999_999_999_999,
        ] {
            assert!(!is_prime(composite), "{composite}");
        }
    }

    #[test]
    fn both_methods_agree_where_both_apply() {
        for number in (43..20_000).chain(999_900_000..999_901_000) {
            let passes = BASES.iter().all(|base| is_strong_probable_prime(number, *base));
            assert_eq!(passes, has_no_divisor(number), "{number}");
        }
    }
}
