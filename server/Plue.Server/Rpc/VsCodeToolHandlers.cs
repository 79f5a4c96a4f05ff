using Plue.Protocol;
using Plue.Server.Tools.VsCode;

namespace Plue.Server.Rpc;

/// <summary>vsCodeTool/*: the tools of VS Code and its extensions that the user enables for agents.</summary>
internal sealed class VsCodeToolHandlers(VsCodeTools tools)
{
    public void Register(RpcServer server)
    {
        server.Map(Methods.VsCodeToolList, (_, cancellationToken) => ListAsync(cancellationToken));
        server.Map(
            Methods.VsCodeToolSelect,
            async (parameters, cancellationToken) =>
            {
                var selected = parameters.Tools.DistinctBy(tool => tool.Name).ToDictionary(tool => tool.Name, tool => tool.Fingerprint);
                await tools.SelectAsync(selected, cancellationToken);
                return await ListAsync(cancellationToken);
            }
        );
    }

    private async Task<VsCodeToolListResult> ListAsync(CancellationToken cancellationToken)
    {
        var (found, notes) = await tools.ListAsync(cancellationToken);
        return new VsCodeToolListResult([.. found.Select(View)], notes);
    }

    private static VsCodeToolView View(VsCodeToolStatus tool) =>
        new()
        {
            Name = tool.Name,
            FullName = tool.FullName,
            Title = tool.Title,
            Source = tool.Source,
            Description = tool.Description,
            State =
                tool.IsEnabled ? VsCodeToolState.Enabled
                : tool.Changes is not null ? VsCodeToolState.Changed
                : VsCodeToolState.Disabled,
            Fingerprint = tool.Fingerprint,
            Tokens = tool.Tokens,
            Definition = tool.Definition,
            Changes = tool.Changes,
        };
}
