//! Primality of 64-bit numbers.

/// The first twelve primes. As bases of the Miller-Rabin test they leave no composite below 3.18e23 undetected
/// (Sorenson and Webster, "Strong pseudoprimes to twelve prime bases", 2015), hence none in 64 bits.
const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// Returns whether `number` is a prime: always correct, within microseconds.
///
/// ```
/// use fund_load::domain::is_prime;
///
/// assert!(is_prime(9_999_999_999_999_999_961)); // the largest of 19 digits
/// assert!(!is_prime(3_215_031_751)); // passes the test to the bases 2, 3, 5 and 7
/// ```
pub fn is_prime(number: u64) -> bool {
    if let Some(&divisor) = BASES.iter().find(|&&base| number.is_multiple_of(base)) {
        return number == divisor;
    }
    if number < 41 * 41 {
        return number > 1;
    }
    let halvings = (number - 1).trailing_zeros();
    let odd_part = (number - 1) >> halvings;
    BASES.iter().all(|&base| passes_strong_test(number, base, odd_part, halvings))
}

/// Runs the strong probable-prime test to `base` of `number` = 2^`halvings` * `odd_part` + 1.
fn passes_strong_test(number: u64, base: u64, odd_part: u64, halvings: u32) -> bool {
    let mut power = power_modulo(base, odd_part, number);
    power == 1
        || power == number - 1
        || (1..halvings).any(|_| {
            power = multiply_modulo(power, power, number);
            power == number - 1
        })
}

fn power_modulo(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut power = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = multiply_modulo(power, base, modulus);
        }
        base = multiply_modulo(base, base, modulus);
        exponent >>= 1;
    }
    power
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder is less than its 64-bit modulus")]
fn multiply_modulo(a: u64, b: u64, modulus: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(modulus)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_agree_with_a_sieve() {
        const BOUND: usize = 200_000;
        let mut composite = vec![false; BOUND];
        for number in 2..BOUND {
            if !composite[number] {
                (number * number..BOUND).step_by(number).for_each(|multiple| composite[multiple] = true);
            }
            assert_eq!(is_prime(number as u64), !composite[number], "{number}");
        }
        assert!(!is_prime(0) && !is_prime(1));
    }

    #[test]
    fn numbers_that_deceive_fewer_bases_are_found_out() {
        // Least strong pseudoprimes to the first 1, 2, .. 9 prime bases (OEIS A014233).
        for pseudoprime in [
            2_047,
            1_373_653,
            25_326_001,
            3_215_031_751,
            2_152_302_898_747,
            3_474_749_660_383,
            341_550_071_728_321,
            3_825_123_056_546_413_051,
        ] {
            assert!(!is_prime(pseudoprime), "{pseudoprime}");
        }
    }

    #[test]
    fn large_primes_and_their_products_are_distinguished() {
        // 2^61 - 1, the largest primes of 19 digits and of 64 bits, and squares and products of large primes.
        for prime in [2_305_843_009_213_693_951, 9_999_999_999_999_999_961, 18_446_744_073_709_551_557] {
            assert!(is_prime(prime), "{prime}");
        }
        for composite in [4_294_967_291 * 4_294_967_291, 4_294_967_291 * 4_294_967_279, u64::MAX] {
            assert!(!is_prime(composite), "{composite}");
        }
    }
}
