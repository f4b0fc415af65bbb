/** Thousandths of a pound as a decimal with two decimals, or three where it needs them: `-1234500n` is `-1234.50`. */
export function decimalPounds(thousandths: bigint): string {
  const sign = thousandths < 0n ? '-' : '';
  const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(4, '0');
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3).replace(/0$/, '')}`;
}
