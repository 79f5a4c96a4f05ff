using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Worktrees;

namespace Plue.Server.Chat;

/// <summary>
/// Where a chat or task works: in its own worktree, in that of the task that it belongs to, or in the folders of the window. A task whose worktree is missing
/// has no folders; it never works in those of the window.
/// </summary>
internal sealed class WorkingPlace(ChatServices services, IChats chats)
{
    /// <summary>Gets the id of the task whose worktree is used; null for the folders of the window.</summary>
    /// <param name="chat">Null for the window.</param>
    public static string? OwnerOf(StoredChat? chat) =>
        chat is null ? null
        : chat.Text(StoredChat.IsolationField) == StoredChat.Worktree ? chat.Id
        : chat.Text(StoredChat.WorktreeOfField);

    /// <summary>Gets the folders in which a chat or task works.</summary>
    /// <param name="chat">Null for the window.</param>
    public Workspace WorkspaceOf(StoredChat? chat)
    {
        if (OwnerOf(chat) is not { } owner)
        {
            return services.Workspace;
        }

        var workspace = new Workspace();
        if (services.Worktrees.Worktrees.Find(owner) is { State: WorktreeState.Ready or WorktreeState.Merging } record)
        {
            // A window that the user did not trust runs nothing, wherever the task works.
            workspace.Open(record.Folder, trusted: services.Workspace is not { OpenFolder: not null, TrustedFolder: null });
        }

        return workspace;
    }

    /// <summary>Gets the instructions, with the files of the folders in which a chat or task works.</summary>
    public InstructionBuilder InstructionsOf(StoredChat chat) =>
        OwnerOf(chat) is null ? services.Instructions : services.Instructions.In(WorkspaceOf(chat));

    /// <summary>Creates the worktree if the task needs one and has none yet.</summary>
    /// <exception cref="FailureException">The worktree cannot be created, or was removed.</exception>
    public async Task PrepareAsync(StoredChat chat, CancellationToken cancellationToken)
    {
        if (OwnerOf(chat) is { } owner)
        {
            var source = owner == chat.Id ? WorkspaceOf(ParentOf(chat)).TrustedFolder : null;
            await services.Worktrees.Worktrees.EnsureAsync(owner, chat.Title, source, cancellationToken);
        }
    }

    /// <summary>Checks whether a subtask can have a separate worktree. Changes nothing.</summary>
    /// <param name="parent">Null for a task of the window.</param>
    /// <exception cref="FailureException">Why it cannot.</exception>
    public Task CheckAsync(StoredChat? parent, CancellationToken cancellationToken) =>
        services.Worktrees.Worktrees.CheckAsync(
            WorkspaceOf(parent).TrustedFolder
                ?? throw new FailureException(
                    FailureKind.Untrusted,
                    "No trusted folder is open, so the task cannot have its own worktree. Open a folder of a git repository and trust it."
                ),
            cancellationToken
        );

    /// <summary>True if a worktree for a subtask would have everything that the folder of its parent has.</summary>
    /// <param name="parent">Null for a task of the window.</param>
    public async Task<bool> CanCopyAsync(StoredChat? parent, CancellationToken cancellationToken) =>
        WorkspaceOf(parent).TrustedFolder is { } folder && await services.Worktrees.IsCommittedAsync(folder, cancellationToken);

    private StoredChat? ParentOf(StoredChat task) => task.Text(StoredChat.SpawnedByField) is { } parent ? chats.Find(parent) : null;
}
