using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Edits;
using Plue.Server.Network;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Tools.Background;
using Plue.Server.Tools.Hooks;
using Plue.Server.Tools.Mcp;
using Plue.Server.Tools.Mcp.Import;
using Plue.Server.Tools.VsCode;

namespace Plue.Server.Tools;

/// <summary>The services for tools: their sources, MCP servers, and the runner.</summary>
internal sealed class ToolServices : IAsyncDisposable
{
    /// <param name="sources">Null for the built-in tools and those of MCP servers.</param>
    public ToolServices(
        PlatformServices platform,
        CodexServices codices,
        StoreServices store,
        PermissionServices permissions,
        EditServices edits,
        EditorWindow editor,
        ISecretStore secrets,
        HostConnections connections,
        IReadOnlyList<IToolSource>? sources
    )
    {
        var results = new ToolResults(platform.Paths, platform.Time);
        Runner = new ToolRunner(
            permissions.Policy,
            permissions.Approvals,
            edits.Log,
            rights => [.. rights().Where(one => one.Skill is null).Reverse().Select(one => one.Title)],
            results,
            store.Blobs,
            platform.Time
        );
        var mcp = new McpServices
        {
            Paths = platform.Paths,
            Workspace = platform.Workspace,
            Secrets = secrets,
            Mask = platform.Redactor.Mask,
            Time = platform.Time,
            Environment = OwnEnvironment.Read(),
            Home = PluePaths.UserFolder,
            RefusalOf = address => PolicyRefusals.Record(platform.Paths, platform.Time, connections.RefusalOf(address)),
            Connections = connections,
            Templates = () => McpTemplate.Of(codices.Templates),
            Ask = (request, cancellationToken) => permissions.Approvals.AskAsync(request, cancellationToken),
            Judge = permissions.Policy.Evaluate,
        };
        McpServers = new McpServers(mcp);
        McpForAgents = new McpForAgents(McpServers, mcp);
        McpPrompts = new McpPrompts(McpServers, mcp);
        McpImport = new McpImport(mcp, McpServers);
        VsCodeTools = new VsCodeTools(editor, platform.Workspace, new VsCodeToolChoices(platform.Paths), platform.Redactor.Mask);
        bool AllowsNetwork() => codices.Config.Values.GetBoolean(UserConfig.CommandsNetworkKey) == true;
        Hooks = new HookServices
        {
            Command = new HookCommand(platform.Paths, permissions.Sandbox, AllowsNetwork, platform.Time),
            Stored = new HookApprovals(platform.Paths, platform.Time),
            Approvals = permissions.Approvals,
            Edits = edits.Log,
            OfUser = () => [.. codices.Config.Hooks.Select(hook => CommandHook.From(hook, "~/.plue/config.json5")).OfType<CommandHook>()],
            ClaudeUserFolder = () => codices.Config.Flag(UserConfig.ClaudeCodeHooksKey) == true ? PluePaths.UserFolder : null,
            Mask = platform.Redactor.Mask,
        };
        Background = new BackgroundCommands(platform.Paths, permissions.Sandbox, results, platform.Redactor.Mask, platform.Time);
        var pages = new WebPages(static _ => false, connections);
        Pages = new AttachedPages(platform.Paths, platform.Time, pages);
        Sources =
            sources
            ??
            [
                new BuiltInTools(
                    codices.Prompts.ToolText,
                    permissions.Policy,
                    permissions.Sandbox,
                    results,
                    AllowsNetwork,
                    pages,
                    editor,
                    () => platform.Workspace.TrustedFolders,
                    codices.Skills,
                    Background
                ),
                new SkillTool(codices.Skills, codices.Prompts.ToolText),
                new EditorTools(codices.Prompts.ToolText, permissions.Policy, editor),
                new CodexTool(codices.Documents, codices.Skills, codices.Prompts.ToolText),
                new CodexEditTool(
                    codices.Documents,
                    codices.Skills,
                    codices.Prompts.ToolText,
                    (before, after, cancellationToken) => codices.Follow(before, after, cancellationToken),
                    editor
                ),
                new McpTools(McpServers, mcp),
                VsCodeTools,
            ];
    }

    public ToolRunner Runner { get; }
    public AttachedPages Pages { get; }

    /// <summary>Gets the sources in the order of their tools in requests.</summary>
    public IReadOnlyList<IToolSource> Sources { get; }
    public HookServices Hooks { get; }
    public BackgroundCommands Background { get; }
    public McpServers McpServers { get; }
    public McpForAgents McpForAgents { get; }
    public McpPrompts McpPrompts { get; }
    public McpImport McpImport { get; }
    public VsCodeTools VsCodeTools { get; }

    public async ValueTask DisposeAsync()
    {
        await Background.DisposeAsync();
        await McpServers.DisposeAsync();
    }
}
