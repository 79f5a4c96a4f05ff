using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Codices.Skills;
using Plue.Server.Language;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Rpc;

/// <summary>
/// Registers Plue's files with the editor: those of the home folder at once, those of the workspace when it is trusted. Files of an untrusted folder are not
/// sent, and an editor does not need to know <c>PLUE_HOME</c>.
/// </summary>
internal sealed class LanguageRegistrations(RpcServer server, PluePaths paths, Workspace workspace, ILogger logger)
{
    private const int Incremental = 2;
    private static readonly string[] Triggers = ["\"", "'", "/", "{", ":"];
    private static readonly string[] ActionKinds = [LanguageViews.QuickFix];

    private readonly Lock sync = new();
    private readonly HashSet<string> announced = new(StringComparer.Ordinal);

    /// <summary>The capabilities for an editor without dynamic registration, which chooses the files that it sends.</summary>
    public static ServerCapabilities Capabilities { get; } =
        new()
        {
            TextDocumentSync = new TextSyncOptions(OpenClose: true, Incremental, Save: true),
            CompletionProvider = new CompletionOptions(Triggers),
            HoverProvider = true,
            DocumentLinkProvider = new DocumentLinkOptions(ResolveProvider: false),
            DefinitionProvider = true,
            ReferencesProvider = true,
            RenameProvider = new RenameOptions(PrepareProvider: true),
            DocumentSymbolProvider = true,
            DocumentFormattingProvider = true,
            CodeActionProvider = new CodeActionOptions(ActionKinds),
        };

    /// <summary>Registers files again when there may be more of them.</summary>
    public void Follow(LifecycleHandlers lifecycle)
    {
        lifecycle.FilesChanged += () =>
        {
            if (lifecycle.TakesRegistrations)
            {
                Announce();
            }
        };
        server.Detached += () =>
        {
            lock (sync)
            {
                announced.Clear();
            }
        };
    }

    /// <summary>Does not wait for the response, which can be read only after this notification was handled.</summary>
    private void Announce()
    {
        var places = SkillPlace.All(paths, workspace.TrustedFolders);
        if (IsNew(paths.Home))
        {
            _ = RegisterAsync(paths.Home, ofWorkspace: false, [.. places.Where(place => !place.IsWorkspace)]);
        }
        foreach (var root in (workspace.TrustedFolders?.Paths ?? []).Where(root => IsNew(Path.Combine(root, ".plue"))))
        {
            _ = RegisterAsync(Path.Combine(root, ".plue"), ofWorkspace: true, [.. places.Where(place => place.Root == root)]);
        }
    }

    private bool IsNew(string folder)
    {
        lock (sync)
        {
            return announced.Add(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar));
        }
    }

    private async Task RegisterAsync(string folder, bool ofWorkspace, IReadOnlyList<SkillPlace> places)
    {
        var registrations = Registrations(
            [
                .. DocumentLocation
                    .Patterns(ofWorkspace)
                    .Select(pattern => new DocumentFilterView("file", new RelativePatternView(LanguageViews.UriOf(folder), pattern))),
            ],
            [
                .. places.Select(place => new DocumentFilterView(
                    "file",
                    new RelativePatternView(LanguageViews.UriOf(place.Path), $"**/{Skill.FileName}")
                )),
            ]
        );
        try
        {
            await server.RequestAsync(LanguageMethods.RegisterCapability, new RegistrationParams(registrations), CancellationToken.None);
        }
        catch (Exception fault) when (fault is FailureException or OperationCanceledException)
        {
            logger.LogWarning("Editor features are not available for the files in {Folder}: {Reason}", folder, fault.Message);
        }
    }

    /// <param name="skills">Skill files; they support only diagnostics and completion.</param>
    private static IReadOnlyList<RegistrationView> Registrations(
        IReadOnlyList<DocumentFilterView> selector,
        IReadOnlyList<DocumentFilterView> skills
    )
    {
        var both = new RegistrationOptionsView([.. selector, .. skills]);
        var options = new RegistrationOptionsView(selector);
        (string Method, RegistrationOptionsView Options)[] methods =
        [
            (LanguageMethods.DidOpen.Name, both),
            (LanguageMethods.DidChange.Name, both with { SyncKind = Incremental }),
            (LanguageMethods.DidClose.Name, both),
            (LanguageMethods.DidSave.Name, both),
            (LanguageMethods.Completion.Name, both with { TriggerCharacters = Triggers }),
            (LanguageMethods.Hover.Name, options),
            (LanguageMethods.DocumentLink.Name, options),
            (LanguageMethods.Definition.Name, options),
            (LanguageMethods.References.Name, options),
            (LanguageMethods.Rename.Name, options with { PrepareProvider = true }),
            (LanguageMethods.DocumentSymbol.Name, options),
            (LanguageMethods.Formatting.Name, options),
            (LanguageMethods.CodeAction.Name, options with { CodeActionKinds = ActionKinds }),
        ];
        return [.. methods.Select(method => new RegistrationView(Guid.NewGuid().ToString("N"), method.Method, method.Options))];
    }
}
