using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The parameter <c>ids</c> of the tools that read subtasks: their addresses, or none for all.</summary>
internal static class SubtaskIds
{
    public const string Name = "ids";

    public const string Schema = """
        "ids":{"type":"array","maxItems":50,"items":{"type":"string","maxLength":200},"description":"The `task` of each subtask. Omit it for all."}
        """;

    private const int MaxCount = 50;
    private const int MaxAddressLength = 200;

    public static IReadOnlyList<string> Of(ToolParameters parameters) => parameters.OptionalTexts(Name, MaxCount, MaxAddressLength);
}
