using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>
/// Gives an agent the instruction files that apply to the files that its calls touch, each version once. They go into the result of the call: what was sent before stays
/// the same bytes, for the vendor's cache. Thread-safe.
/// </summary>
/// <param name="find">The files that apply to these paths, in the order of the text.</param>
/// <param name="sent">What the model was given in the chat as it is sent now.</param>
public sealed class FileInstructions(
    Func<IReadOnlyList<string>, IReadOnlyList<(InstructionSource Source, string Text)>> find,
    Func<(string? Head, IEnumerable<InstructionSource> Sources)> sent
)
{
    /// <summary>Characters of all files in one result; further ones are omitted, and given with the next call that touches their files.</summary>
    public const int MaxLength = 128 * 1024;

    private readonly Lock sync = new();
    private readonly HashSet<(string, string, bool)> given = []; // since the last message was stored
    private string? head;

    /// <param name="mark">Ends the text; it cannot be part of a file.</param>
    /// <returns>The text for the model, and its sources, also those that were omitted; nothing if there is nothing new.</returns>
    public (string Text, IReadOnlyList<InstructionSource> Sources) Take(IReadOnlyList<string> paths, string mark)
    {
        var found = paths.Count == 0 ? [] : find(paths);
        if (found.Count == 0)
        {
            return ("", []);
        }

        lock (sync)
        {
            var (now, before) = sent();
            if (now != head)
            {
                given.Clear();
                head = now;
            }

            given.UnionWith(before.Select(Key));
            var (text, sources) = (new StringBuilder(), new List<InstructionSource>());
            foreach (var (source, content) in found.Where(one => !given.Contains(Key(one.Source))))
            {
                if (source.LeftOut is null && text.Length + content.Length > MaxLength)
                {
                    continue;
                }

                given.Add(Key(source));
                sources.Add(source);
                // The names are not the user's: a line break in one would begin an instruction.
                text.Append("\n\n## ").Append(HiddenCharacters.VisibleLine(source.Title)).Append(" (for ");
                text.Append(HiddenCharacters.VisibleLine(source.AppliesTo ?? "")).Append(")\n\n");
                text.Append(source.LeftOut is { } why ? $"Omitted. {why}" : content);
            }

            return sources.Count == 0 ? ("", []) : ($"{Begin(mark)}{text}\n{End(mark)}", sources);
        }
    }

    private static string Begin(string mark) =>
        $"\n\n<project-instructions {mark}>\nThese files of the project say how to work on the files that they name, from now on. Where the user or the system prompt says otherwise, that counts.";

    private static string End(string mark) => $"</project-instructions {mark}>";

    private static (string, string, bool) Key(InstructionSource source) =>
        (source.Source, source.Version.ToString(), source.LeftOut is null);
}
