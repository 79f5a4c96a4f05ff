using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>A tool that Plue offers to other programs.</summary>
/// <param name="Schema">The JSON Schema of its parameters.</param>
/// <param name="RunAsync">Returns the result, which is masked before it is sent.</param>
internal sealed record ServedTool(
    string Name,
    string Title,
    string Description,
    string Schema,
    Func<ToolParameters, CancellationToken, Task<JsonObject>> RunAsync
)
{
    /// <summary>False for tools that start or stop work.</summary>
    public bool IsReadOnly { get; init; } = true;

    public JsonElement InputSchema { get; } = Parse(Schema);

    /// <exception cref="ToolFailureException">A parameter is unknown.</exception>
    public ToolParameters Read(JsonElement arguments) =>
        new(arguments, [.. InputSchema.GetProperty("properties").EnumerateObject().Select(property => property.Name)]);

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
