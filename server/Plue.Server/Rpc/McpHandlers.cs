using Plue.Protocol;
using Plue.Server.Tools.Mcp;
using Plue.Server.Tools.Mcp.Import;

namespace Plue.Server.Rpc;

/// <summary>mcp/*: MCP servers. Values of variables and headers, and tokens, are not sent.</summary>
/// <param name="imported">Called with the imported servers, so that the import can be undone.</param>
internal sealed class McpHandlers(McpServers servers, McpImport import, McpPrompts prompts, Action<McpImported> imported)
{
    public void Register(RpcServer server)
    {
        servers.Changed += () => _ = server.TryNotifyAsync(Methods.McpChanged, new Empty());
        server.Map(Methods.McpList, (_, _) => Task.FromResult(List()));
        server.Map(
            Methods.McpApprove,
            (parameters, cancellationToken) => ApproveAsync(parameters.Name, parameters.Fingerprint, cancellationToken)
        );
        server.Map(Methods.McpRevoke, (parameters, cancellationToken) => RevokeAsync(parameters.Name, cancellationToken));
        server.Map(Methods.McpStart, (parameters, cancellationToken) => StartAsync(parameters.Name, cancellationToken));
        server.Map(
            Methods.McpStop,
            async (parameters, cancellationToken) =>
            {
                await servers.StopAsync(parameters.Name, cancellationToken);
                return List();
            }
        );
        server.Map(
            Methods.McpSignIn,
            async (parameters, cancellationToken) =>
                new McpSignInResult((await servers.SignInAsync(parameters.Name, cancellationToken))?.AbsoluteUri)
        );
        server.Map(
            Methods.McpImportable,
            (parameters, cancellationToken) =>
                Task.Run(
                    () => new McpImportableResult([.. import.Find(FolderOf(parameters.UserFolder), cancellationToken).Select(View)]),
                    cancellationToken
                )
        );
        server.Map(Methods.McpImport, ImportAsync);
        server.Map(Methods.McpPrompts, async (_, cancellationToken) => await PromptsAsync(cancellationToken));
        server.Map(Methods.McpPrompt, PromptAsync);
    }

    private static string? FolderOf(string? path) =>
        path is null || LifecycleHandlers.IsAbsolute(path)
            ? path
            : throw new RpcErrors.InvalidParamsException("The parameter \"$.userFolder\" must be an absolute path.");

    public McpListResult List()
    {
        var (found, problems) = servers.List();
        return new McpListResult([.. found.Select(View)], problems);
    }

    public async Task<McpListResult> ApproveAsync(string name, string fingerprint, CancellationToken cancellationToken)
    {
        await servers.ApproveAsync(name, fingerprint, cancellationToken);
        return List();
    }

    public async Task<McpListResult> RevokeAsync(string name, CancellationToken cancellationToken)
    {
        await servers.RevokeAsync(name, cancellationToken);
        return List();
    }

    public async Task<McpListResult> StartAsync(string name, CancellationToken cancellationToken)
    {
        await servers.StartAsync(name, cancellationToken);
        return List();
    }

    private async Task<McpImportResult> ImportAsync(McpImportParams parameters, CancellationToken cancellationToken)
    {
        var report = await import.ImportAsync(
            [.. parameters.Servers.Select(choice => new Tools.Mcp.Import.McpImportChoice(choice.Path, choice.Key))],
            parameters.StoreKeys,
            FolderOf(parameters.UserFolder),
            cancellationToken
        );
        imported(report);
        return new McpImportResult([.. report.Servers.Select(server => server.Name)], report.Notes);
    }

    private async Task<McpPromptsResult> PromptsAsync(CancellationToken cancellationToken) =>
        new([
            .. (await prompts.ListAsync(cancellationToken)).Select(prompt => new McpPromptView(
                prompt.Server,
                prompt.Name,
                prompt.Command,
                prompt.Description,
                [.. prompt.Arguments.Select(View)]
            )),
        ]);

    private async Task<McpPromptResult> PromptAsync(McpPromptParams parameters, CancellationToken cancellationToken)
    {
        var read = await prompts.ReadAsync(
            parameters.Server,
            parameters.Name,
            parameters.ArgumentText,
            parameters
                .Values.GroupBy(value => value.Name, StringComparer.Ordinal)
                .ToDictionary(value => value.Key, value => value.Last().Value, StringComparer.Ordinal),
            cancellationToken
        );
        return new McpPromptResult(read.Text, [.. read.Missing.Select(View)]);
    }

    private static McpPromptArgumentView View(McpPromptArgument argument) => new(argument.Name, argument.Description, argument.IsRequired);

    private static McpImportFileView View(McpFoundFile file) =>
        new(
            file.Program,
            file.Path,
            [
                .. file.Servers.Select(server => new McpImportServerView(
                    server.Key,
                    server.Name,
                    server.Command,
                    [.. server.Keys.Select(key => key.Field)],
                    server.IsPresent,
                    server.Problem
                )),
            ],
            file.Problem
        );

    private static McpServerView View(McpServerStatus status) =>
        new()
        {
            Name = status.Declaration.Name,
            Source = status.Declaration.Source,
            State = status.State switch
            {
                McpServerState.NotApproved => McpState.NotApproved,
                McpServerState.Stopped => McpState.Stopped,
                McpServerState.Starting => McpState.Starting,
                McpServerState.Running => McpState.Running,
                McpServerState.SignInNeeded => McpState.SignInNeeded,
                _ => McpState.Failed,
            },
            Command =
                status.Declaration.Address?.OriginalString
                ?? string.Join(' ', [status.Declaration.Command ?? "", .. status.Declaration.Arguments]),
            Arguments = status.Declaration.Arguments,
            Program = status.Program,
            Folder = status.Declaration.Address is null ? status.Declaration.Folder : null,
            Environment = status.Declaration.GivenNames,
            Fingerprint = status.Fingerprint,
            SecretOrigin = status.SecretOrigin?.OriginalString,
            Changes = status.Changes,
            Tools = [.. status.Tools.Select(tool => new McpToolView(tool.Name, tool.Description, tool.Tokens))],
            Tokens = status.Tools.Count == 0 ? null : status.Tools.Sum(tool => tool.Tokens),
            Notes = status.Notes,
            Error = status.Error,
        };
}
