using Plue.Server.Codices.Skills;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>Templates, prompts and the other document collections, and the settings.</summary>
internal sealed class CodexServices
{
    private readonly PluePaths paths;

    public CodexServices(PlatformServices platform)
    {
        WorkspaceFolders? TrustedFolders() => platform.Workspace.TrustedFolders;
        paths = platform.Paths;
        var allowed = new AllowedTexts(paths, platform.Time);
        Secrets = new SecretMask(paths, platform.Redactor);
        Templates = new TemplateCatalog(paths, TrustedFolders);
        Prompts = new Prompts(paths, TrustedFolders, allowed.IsAllowed);
        Documents = new Documents(paths, Templates, platform.Time, TrustedFolders);
        Skills = new SkillCatalog(paths, platform.Time, TrustedFolders, () => (long)(Config.Number(UserConfig.SkillListTokensKey) ?? 0));
        Instructions = new InstructionBuilder(
            Templates,
            Prompts,
            new WorkspaceRules(TrustedFolders),
            allowed,
            platform.Workspace,
            Skills,
            Secrets,
            paths.Instructions,
            () => Config.Values.GetBoolean(UserConfig.WorkspaceRulesKey) != false
        );
    }

    /// <summary>Publishes a change that a tool made and runs its hooks. Set by a module that has access to both.</summary>
    public Func<FileCodex?, FileCodex, CancellationToken, Task> Follow { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Reads the current settings.</summary>
    public UserConfig Config => UserConfig.Read(paths);

    public SecretMask Secrets { get; }
    public TemplateCatalog Templates { get; }
    public Prompts Prompts { get; }
    public Documents Documents { get; }
    public SkillCatalog Skills { get; }
    public InstructionBuilder Instructions { get; }
}
