using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Gets a web page for a model.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class FetchTool(string description, WebPages pages) : ITool
{
    private const string Schema =
        """{"type":"object","properties":{"url":{"type":"string"}},"required":["url"],"additionalProperties":false}""";

    public string Name => "fetch";
    public ToolDeclaration Declaration { get; } = new("fetch", description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken) =>
        Task.FromResult<PlannedCall>(new Call(WebPages.AddressIn(new ToolParameters(parameters, "url").Text("url"), "`url`"), pages));

    private sealed class Call(Uri address, WebPages pages) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.Fetch(address)];
        public override ApprovalKind Kind => ApprovalKind.Fetch;
        public override string ActionText { get; } = $"GET {address.AbsoluteUri}";
        public override string? Location => address.IdnHost;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            var page = await pages.GetAsync(address, cancellationToken);
            return new ToolOutcome(
                page.RedirectsTo is { } next
                    ? $"{page.Address} redirects to {next}, which was not fetched. Call `fetch` with that URL if you need it."
                    : page.Labeled
            );
        }
    }
}
