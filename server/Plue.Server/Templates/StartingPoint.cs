using System.Text;

namespace Plue.Server.Templates;

/// <summary>A file to create a new template from.</summary>
/// <param name="Text">The content of the file.</param>
/// <param name="Prompt">A prompt that the file refers to as <c>codex://prompts/ID</c>; null for none.</param>
internal sealed record StartingPoint(string Id, string Name, string Description, string Text, string? Prompt)
{
    private const string Prefix = "starting-points/";
    private const string Extension = ".json5";
    private static readonly Lazy<IReadOnlyList<StartingPoint>> Read = new(ReadShipped);

    /// <summary>Gets all starting points, the simplest first.</summary>
    public static IReadOnlyList<StartingPoint> All => Read.Value;

    private static IReadOnlyList<StartingPoint> ReadShipped()
    {
        string[] order = ["my-chat", "my-reader", "my-writer", "my-orchestrator", "my-form"];
        return
        [
            .. order.Select(id =>
                Of(
                    id,
                    DocumentFile.ReadResource(Prefix + id + Extension)
                        ?? throw new InvalidOperationException($"The resource {id} is missing from the executable.")
                )
            ),
        ];
    }

    private static StartingPoint Of(string id, byte[] bytes)
    {
        var template = TemplateReader.Read(bytes).Template ?? throw new InvalidOperationException($"The starting point {id} has errors.");
        var prompt = DocumentFile.ReadResource($"{Prefix}{id}.md");
        return new StartingPoint(
            id,
            template.Name,
            template.Description ?? "",
            Encoding.UTF8.GetString(bytes),
            prompt is null ? null : Encoding.UTF8.GetString(prompt)
        );
    }
}
