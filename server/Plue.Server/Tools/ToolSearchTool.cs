using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Tools;

/// <summary>
/// Finds tools of MCP servers by words, in place of their definitions. The next request contains the tools that were found; finding a tool does not allow
/// calling it.
/// </summary>
/// <param name="tools">All tools that can be found.</param>
internal sealed class ToolSearchTool(IReadOnlyList<ITool> tools) : ITool
{
    public const string ToolName = "search_tools";
    private const int MaxFound = 8;
    private const int MaxDescriptionLength = 200;
    private const string Mark = "- ";

    public string Name => ToolName;

    /// <summary>Gets a declaration that is identical as long as the servers and the number of their tools are.</summary>
    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            $"Finds tools of MCP servers that are not listed yet. Describe what the tool does, or give its name. The tools that it finds can be called in your next step. Servers: {ServersOf(tools)}.",
            """{"type":"object","properties":{"query":{"type":"string","description":"Words for what the tool does, or its name."}},"required":["query"],"additionalProperties":false}"""
        );

    public bool IsReadOnly => true;

    public static long TokensOf(ToolDeclaration declaration) =>
        TokenEstimate.Of(declaration.Name) + TokenEstimate.Of(declaration.Description) + TokenEstimate.Of(declaration.ParametersSchema);

    /// <summary>Gets the declared names in a result of this tool.</summary>
    public static IEnumerable<string> NamesIn(string result) =>
        result.Split('\n').Where(line => line.StartsWith(Mark, StringComparison.Ordinal)).Select(line => line[Mark.Length..].Split(':')[0]);

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var query = new ToolParameters(parameters, "query").Text("query");
        return Task.FromResult<PlannedCall>(new Call(query, tools));
    }

    private static string ServersOf(IReadOnlyList<ITool> tools) =>
        string.Join(
            ", ",
            tools
                .GroupBy(tool => tool.Name.Split(ToolNames.ServerSeparator)[0], StringComparer.Ordinal)
                .OrderBy(server => server.Key, StringComparer.Ordinal)
                .Select(server => $"{server.Key} ({Plural.Of(server.Count(), "tool")})")
        );

    private sealed class Call(string query, IReadOnlyList<ITool> tools) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];

        public override ApprovalKind Kind => ApprovalKind.Read;

        public override string ActionText => query;

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            var found = new TermRanking([.. tools.Select(tool => (tool.Declaration.Name, tool.Declaration.Description))]).Find(
                query,
                MaxFound
            );
            if (found.Count == 0)
            {
                throw new ToolFailureException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"None of the {tools.Count} tools has these words in its name or description. Use other words. Servers: {ServersOf(tools)}."
                    )
                );
            }

            var lines = found.Select(at => $"{Mark}{tools[at].Declaration.Name}: {Short(tools[at].Declaration.Description)}");
            return Task.FromResult(
                new ToolOutcome(
                    $"These tools can be called from now on. Their descriptions were written by the servers.\n{string.Join('\n', lines)}"
                )
            );
        }

        private static string Short(string description)
        {
            var line = HiddenCharacters.VisibleLine(description);
            return line.Length > MaxDescriptionLength ? line[..MaxDescriptionLength] + "…" : line;
        }
    }
}
