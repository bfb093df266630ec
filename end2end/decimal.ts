/** Decimals as the server computes with them: exact. Only what sums of money need. */
export class Decimal {
  static readonly ZERO = new Decimal(0n, 0);

  private constructor(
    readonly units: bigint,
    readonly scale: number,
  ) {}

  /** Reads `-12.340`; anything else is an error, exponents too. */
  static of(text: string | null | undefined): Decimal {
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text ?? '');
    if (!match) throw new Error(`not a decimal: ${text}`);
    const [, sign = '', whole = '', part = ''] = match;
    return new Decimal(BigInt(sign + whole + part), part.length);
  }

  static sum(terms: Iterable<Decimal>): Decimal {
    let total = Decimal.ZERO;
    for (const term of terms) total = total.plus(term);
    return total;
  }

  plus(other: Decimal): Decimal {
    const scale = Math.max(this.scale, other.scale);
    return new Decimal(this.at(scale) + other.at(scale), scale);
  }

  minus(other: Decimal): Decimal {
    return this.plus(new Decimal(-other.units, other.scale));
  }

  times(other: Decimal): Decimal {
    return new Decimal(this.units * other.units, this.scale + other.scale);
  }

  isPositive(): boolean {
    return this.units > 0n;
  }

  /** The one way to write this value: equal values have equal texts. */
  toString(): string {
    const digits = (this.units < 0n ? -this.units : this.units).toString().padStart(this.scale + 1, '0');
    const whole = digits.slice(0, digits.length - this.scale);
    const part = digits.slice(digits.length - this.scale).replace(/0+$/, '');
    return `${this.units < 0n ? '-' : ''}${whole}${part && `.${part}`}`;
  }

  private at(scale: number): bigint {
    return this.units * 10n ** BigInt(scale - this.scale);
  }
}

/** `text` written in the one way, to compare by value. */
export function canonical(text: string | null | undefined): string {
  return Decimal.of(text).toString();
}
