using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Permissions;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>What tasks need from the rest of the house; bound in Composition.</summary>
public sealed class AgentServices
{
    public required Conversations Conversations { get; init; }
    public required ProviderRegistry Providers { get; init; }
    public required Approvals Approvals { get; init; }
    /// <summary>The template in force; null for one that is not there, has mistakes, or belongs to a workspace that is not trusted.</summary>
    public required Func<string, Template?> TemplateOf { get; init; }
    /// <summary>Every template, for a hint where none is found.</summary>
    public required Func<IReadOnlyList<string>> TemplateIds { get; init; }
    /// <summary>The text of a prompt by its name.</summary>
    public required Func<string, string> PromptOf { get; init; }
    public required TimeProvider Time { get; init; }
    public required ILogger Logger { get; init; }
    /// <summary>A row of the tree changed; null when it is gone.</summary>
    public required Action<string, TaskRow?> Changed { get; init; }
}
