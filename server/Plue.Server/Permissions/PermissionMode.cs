namespace Plue.Server.Permissions;

public enum PermissionMode
{
    /// <summary>Everything that changes something requires approval.</summary>
    Ask,

    /// <summary>Regular workspace files are changed without approval; the changes can be reviewed and undone.</summary>
    EditFreely,

    /// <summary>Plan mode: nothing can be changed.</summary>
    PlanOnly,

    /// <summary>Ask mode: files can be read; nothing can be changed or run.</summary>
    ReadOnly,
}

/// <summary>The names of modes in fields and settings.</summary>
internal static class PermissionModes
{
    public const string Field = "permission_mode";

    /// <returns>Null if not set: the mode of the parent applies, or ask at the top level.</returns>
    public static PermissionMode? Find(string? text) =>
        text switch
        {
            null or "" => null,
            "edit" => PermissionMode.EditFreely,
            "plan" => PermissionMode.PlanOnly,
            "read" => PermissionMode.ReadOnly,
            _ => PermissionMode.Ask,
        };

    /// <summary>Gets the name that <see cref="Find"/> accepts.</summary>
    public static string NameOf(PermissionMode mode) =>
        mode switch
        {
            PermissionMode.EditFreely => "edit",
            PermissionMode.PlanOnly => "plan",
            PermissionMode.ReadOnly => "read",
            _ => "ask",
        };

    /// <summary>True if the mode denies changes, commands and subtasks.</summary>
    public static bool DeniesChanges(this PermissionMode mode) => mode is PermissionMode.PlanOnly or PermissionMode.ReadOnly;
}
