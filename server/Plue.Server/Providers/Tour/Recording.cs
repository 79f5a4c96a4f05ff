using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Tour;

/// <summary>A recorded chat, read from a file that is embedded in the executable.</summary>
/// <param name="Keywords">Words of questions that this chat answers; the chat without keywords answers all others.</param>
internal sealed record Recording(string Name, IReadOnlyList<string> Keywords, IReadOnlyList<RecordingStep> Steps)
{
    private const string Folder = "tour/";

    private static readonly Lazy<IReadOnlyList<Recording>> Loaded = new(LoadAll);

    public static IReadOnlyList<Recording> All => Loaded.Value;

    /// <summary>Returns the chat that has the most words in common with the question.</summary>
    public static Recording For(string question)
    {
        var words = question.ToLowerInvariant().Split([.. " \t\r\n.,;:!?\"'()[]{}<>/`*"], StringSplitOptions.RemoveEmptyEntries);
        return All.MaxBy(recording => recording.Keywords.Count == 0 ? 0.5 : words.Distinct().Count(word => recording.Matches(word)))!;
    }

    /// <summary>Also matches the plural of a keyword.</summary>
    private bool Matches(string word) => Keywords.Contains(word) || (word.EndsWith('s') && Keywords.Contains(word[..^1]));

    private static List<Recording> LoadAll()
    {
        var assembly = typeof(Recording).Assembly;
        var recordings = new List<Recording>();
        foreach (
            var name in assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        )
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var reader = new StreamReader(stream);
            recordings.Add(Read(reader));
        }

        return recordings;
    }

    /// <summary>The first line contains the name and the keywords; each further one is a step.</summary>
    private static Recording Read(TextReader lines)
    {
        string? name = null;
        IReadOnlyList<string> keywords = [];
        var steps = new List<RecordingStep>();
        while (lines.ReadLine() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (name is null)
            {
                name = root.Text("chat") ?? "";
                keywords = [.. root.Items("keywords").Select(item => item.GetString()!)];
                continue;
            }

            var usage = root.Field("usage");
            steps.Add(
                new RecordingStep
                {
                    Reasoning = root.Text("reasoning"),
                    Text = root.Text("text"),
                    Tool = root.Text("tool"),
                    Parameters = root.Field("parameters")?.GetRawText(),
                    Result = root.Text("result"),
                    Usage = usage is null
                        ? null
                        : new Usage { InputTokens = usage.Value.Whole("input") ?? 0, OutputTokens = usage.Value.Whole("output") ?? 0 },
                }
            );
        }

        return new Recording(name ?? "", keywords, steps);
    }
}

/// <summary>The content of a line in a recording, usually a single event.</summary>
internal sealed record RecordingStep
{
    public string? Reasoning { get; init; }
    public string? Text { get; init; }
    public string? Tool { get; init; }
    public string? Parameters { get; init; }
    public string? Result { get; init; }
    public Usage? Usage { get; init; }
}
