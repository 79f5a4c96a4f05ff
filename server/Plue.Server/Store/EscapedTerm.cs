using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Encodings.Web;

namespace Plue.Server.Store;

/// <summary>
/// A search term as the bytes of a journal may contain it: in JSON, in either case. Quickly excludes positions, and errs only by reporting
/// a possible match; the decoded text decides.
/// </summary>
internal sealed class EscapedTerm
{
    private const int MaxPrefixes = 8;
    private const string ByFrequency = " etaoinsrhldcumfpgywbvk,._-:/0123456789(){}[]=xjqz;";

    // The encoder of journals.
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private static readonly Lazy<ILookup<char, char>> ByUpperCase = new(() =>
        Enumerable
            .Range(0, char.MaxValue + 1)
            .Select(code => (char)code)
            .Where(letter => char.ToUpperInvariant(letter) != letter)
            .ToLookup(char.ToUpperInvariant)
    );

    // The longest part that JSON does not escape, in lower case.
    private readonly byte[] run = [];

    // The two rarest bytes of the run.
    private readonly int first;
    private readonly int second;

    // Without a run: all spellings of the first characters of the term.
    private readonly byte[][] prefixes = [];

    public EscapedTerm(string term)
    {
        var longest = LongestRun(term);
        if (longest.Length < 2)
        {
            prefixes = PrefixesOf(term);
            return;
        }

        run = Encoding.ASCII.GetBytes(longest.ToLowerInvariant());
        int[] rarest = [.. Enumerable.Range(0, run.Length).OrderByDescending(at => RarityOf(run[at]))];
        first = rarest[0];
        second = rarest.Skip(1).FirstOrDefault(at => run[at] != run[first], rarest[1]);
    }

    /// <param name="json">Text between quotes, or a complete line.</param>
    public bool MayOccurIn(ReadOnlySpan<byte> json) => IndexOfIn(json, 0) >= 0;

    /// <returns>The first possible match at or after <paramref name="from"/>; -1 if there is none.</returns>
    public int IndexOfIn(ReadOnlySpan<byte> json, int from)
    {
        if (run.Length > 0)
        {
            return IndexOfRun(json, from);
        }

        var nearest = -1;
        foreach (var beginning in prefixes)
        {
            var end = nearest < 0 ? json.Length : Math.Min(json.Length, nearest + beginning.Length - 1);
            if (end > from && json[from..end].IndexOf(beginning) is var at and >= 0)
            {
                nearest = from + at;
            }
        }

        return nearest;
    }

    /// <summary>Compares 16 positions at a time. The run is compared only if both rare bytes match.</summary>
    private int IndexOfRun(ReadOnlySpan<byte> json, int at)
    {
        var last = json.Length - run.Length;
        var (firstFold, firstByte) = (Vector128.Create(FoldOf(run[first])), Vector128.Create(run[first]));
        var (secondFold, secondByte) = (Vector128.Create(FoldOf(run[second])), Vector128.Create(run[second]));
        ref var start = ref MemoryMarshal.GetReference(json);
        for (; at + Vector128<byte>.Count - 1 <= last; at += Vector128<byte>.Count)
        {
            // Neither load reads beyond the run at the last of these positions.
            var both =
                Vector128.Equals(Vector128.LoadUnsafe(ref start, (nuint)(at + first)) | firstFold, firstByte)
                & Vector128.Equals(Vector128.LoadUnsafe(ref start, (nuint)(at + second)) | secondFold, secondByte);
            for (var places = both.ExtractMostSignificantBits(); places != 0; places &= places - 1)
            {
                if (at + BitOperations.TrailingZeroCount(places) is var place && IsRun(json, place))
                {
                    return place;
                }
            }
        }

        for (; at <= last; at++)
        {
            if (IsRun(json, at))
            {
                return at;
            }
        }

        return -1;
    }

    private bool IsRun(ReadOnlySpan<byte> json, int at) => Ascii.EqualsIgnoreCase(json.Slice(at, run.Length), run);

    private static byte FoldOf(byte lower) => (byte)(char.IsAsciiLetterLower((char)lower) ? 0x20 : 0);

    private static int RarityOf(byte lower) => ByFrequency.IndexOf((char)lower) is var index and >= 0 ? index : ByFrequency.Length;

    private static string LongestRun(string term)
    {
        var (best, bestLength) = (0, 0);
        for (int begin = 0, at = 0; at < term.Length; at++)
        {
            if (term[at] is < ' ' or > '~' or '"' or '\\')
            {
                begin = at + 1;
            }
            else if (at + 1 - begin > bestLength)
            {
                (best, bestLength) = (begin, at + 1 - begin);
            }
        }

        return term.Substring(best, bestLength);
    }

    private static byte[][] PrefixesOf(string term)
    {
        string[] spellings = [""];
        foreach (var rune in term.EnumerateRunes())
        {
            string[] longer = [.. spellings.SelectMany(spelling => CasesOf(rune).Select(next => spelling + next))];
            if (longer.Length > MaxPrefixes && spellings.Length > 1)
            {
                break;
            }

            spellings = longer;
            if (spellings[0].Length >= 4)
            {
                break;
            }
        }

        return [.. spellings.Select(spelling => Encoding.UTF8.GetBytes(Encoder.Encode(spelling)))];
    }

    /// <summary>Returns every character that may match this one, and possibly more.</summary>
    private static IEnumerable<string> CasesOf(Rune rune)
    {
        IEnumerable<string> cases = [rune.ToString(), Rune.ToUpperInvariant(rune).ToString(), Rune.ToLowerInvariant(rune).ToString()];
        if (rune.IsBmp)
        {
            cases = cases.Concat(ByUpperCase.Value[char.ToUpperInvariant((char)rune.Value)].Select(other => other.ToString()));
        }

        return cases.Distinct(StringComparer.Ordinal);
    }
}
