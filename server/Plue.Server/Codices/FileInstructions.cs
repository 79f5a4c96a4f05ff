using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>
/// Adds to a tool result the instruction files that apply to the files that the call touched, each version once. Earlier messages are not changed, so that
/// the provider's prompt cache stays valid. Thread-safe.
/// </summary>
/// <param name="find">Returns the files that apply to these paths, in the order of the text.</param>
/// <param name="sent">Returns the instruction files that are part of the chat as it is sent now.</param>
internal sealed class FileInstructions(
    Func<IReadOnlyList<string>, IReadOnlyList<(InstructionSource Source, string Text)>> find,
    Func<(string? Head, IEnumerable<InstructionSource> Sources)> sent
)
{
    /// <summary>The maximum number of characters in one result. Further files are omitted and added to the next call that touches their files.</summary>
    public const int MaxLength = 128 * 1024;

    private readonly Lock sync = new();
    private readonly HashSet<(string, string, bool)> given = []; // since the last message was stored
    private string? head;

    /// <param name="mark">The end marker of the text; it cannot occur in a file.</param>
    /// <returns>The text for the model and its sources, including omitted ones; empty if there is nothing new.</returns>
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
                if (source.OmittedReason is null && text.Length + content.Length > MaxLength)
                {
                    continue;
                }

                given.Add(Key(source));
                sources.Add(source);
                // File names are untrusted: a line break in a name would start an instruction.
                text.Append("\n\n## ").Append(HiddenCharacters.VisibleLine(source.Title)).Append(" (for ");
                text.Append(HiddenCharacters.VisibleLine(source.AppliesTo ?? "")).Append(")\n\n");
                text.Append(source.OmittedReason is { } why ? $"Omitted. {why}" : content);
            }

            return sources.Count == 0 ? ("", []) : ($"{Begin(mark)}{text}\n{End(mark)}", sources);
        }
    }

    private static string Begin(string mark) =>
        $"\n\n<project-instructions {mark}>\nThese files of the project say how to work on the files that they name, from now on. Where the user or the system prompt says otherwise, that counts.";

    private static string End(string mark) => $"</project-instructions {mark}>";

    private static (string, string, bool) Key(InstructionSource source) =>
        (source.Source, source.Version.ToString(), source.OmittedReason is null);
}
