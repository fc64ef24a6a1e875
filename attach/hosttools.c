// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of what is shown of the host.
#include "hosttools.h"

#include "cleanup.h"
#include "pathlist.h"
#include "program.h"

#include <string.h>
#include <sys/stat.h>

const char *const hosttools_trees[] = {
	"usr",
	"bin", // from here on links into usr on most hosts
	"sbin",
	"lib",
	"lib32",
	"lib64",
	"libx32",
	NULL,
};

// No secrets: what stands here is readable by everybody on the host, and a container that may look
// into the command sees it. Absent on purpose: shadow and gshadow, ssh, ssl/private, sudoers,
// machine-id, fstab, and ld.so.preload, which would load code into each tool from places that are
// not shown. What the container has a say in (resolv.conf, hosts, hostname, localtime) is its own.
const char *const hosttools_etc[] = {
	"ld.so.cache",               // where the loader finds libraries
	"ld-musl-x86_64.path",       // the same for musl
	"alternatives",              // /usr/bin/vi and many others are links into it
	"passwd",                    // names of users: ps, ls, tcpdump; passwords are in shadow
	"group",                     // names of groups
	"nsswitch.conf",             // which name services those names come from
	"protocols",                 // names of protocols: ss, tcpdump
	"services",                  // names of ports
	"iproute2",                  // names of routing tables: ip
	"terminfo",                  // descriptions of terminals that the distribution lacks
	"inputrc",                   // keys of all programs with readline: bash, gdb, python
	"bash.bashrc",               // an interactive bash: prompt
	"bashrc",                    // the same on Fedora
	"vim",                       // links from /usr/share/vim end here
	"gdb",                       // gdbinit: which files may be loaded automatically
	"magic",                     // file
	"mime.types",                // file, python
	"ssl/certs",                 // who is trusted by https: curl, python, debuginfod
	"ssl/openssl.cnf",           // which algorithms are
	"pki/tls/certs",             // who is trusted, on Fedora
	"pki/tls/cert.pem",          // likewise
	"pki/tls/openssl.cnf",       // which algorithms are, on Fedora
	"pki/ca-trust/extracted",    // what pki/tls/certs links to
	"crypto-policies",           // what pki/tls/openssl.cnf includes
	"ca-certificates/extracted", // who is trusted, on Arch
	NULL,
};

bool hosttools_has(const char *path)
{
	if (path[0] != '/')
		return false;
	const char *first = path + strspn(path, "/");
	size_t len = strcspn(first, "/");
	bool is_shown = false;

	for (const char *const *tree = hosttools_trees; *tree; tree++)
		if (strlen(*tree) == len && memcmp(*tree, first, len) == 0)
			is_shown = true;
	for (const char *part = first; is_shown && *part; part += strspn(part, "/")) {
		len = strcspn(part, "/");
		if (len == 2 && part[0] == '.' && part[1] == '.')
			return false;
		part += len;
	}
	return is_shown;
}

// Variables that name code to load or to run; those that end with "*" by their beginning.
static const char *const unsafe_vars[] = {
	"LD_*", // the loader
	"GCONV_PATH",
	"GLIBC_TUNABLES",
	"LOCPATH",
	"NLSPATH",
	"MALLOC_*", // the C library
	"BASH_ENV",
	"BASH_FUNC_*",
	"ENV",
	"SHELLOPTS",
	"BASHOPTS",
	"PS4",
	"PROMPT_COMMAND", // shells
	"PYTHON*",
	"PERL5*",
	"PERLLIB",
	"RUBYLIB",
	"RUBYOPT",
	"NODE_OPTIONS", // interpreters
	"OPENSSL_*",
	"TERMINFO",
	"TERMINFO_DIRS",
	"LESSOPEN",
	"LESSCLOSE", // libraries and pagers
	NULL,
};

static bool is_unsafe(const char *name)
{
	for (const char *const *row = unsafe_vars; *row; row++) {
		size_t len = strlen(*row);
		bool is_beginning = (*row)[len - 1] == '*';
		if (is_beginning ? strncmp(*row, name, len - 1) == 0 : strcmp(*row, name) == 0)
			return true;
	}
	return false;
}

int hosttools_clean_env(struct envblock *env)
{
	for (size_t i = 0; i < env->count;) {
		auto_free char *name = strndup(env->vars[i], strcspn(env->vars[i], "="));
		if (!name)
			return -ENOMEM;
		if (is_unsafe(name))
			envblock_unset(env, name); // moves the next to this place
		else
			i++;
	}
	return 0;
}

static bool may_pass(const char *var)
{
	return strncmp(var, "TERM=", 5) == 0 || strncmp(var, "LANG=", 5) == 0 ||
	       strncmp(var, "LC_", 3) == 0;
}

// The directories of LIST that are shown, separated by colons, or NULL when there is none, into
// *RET, which the caller owns.
static int shown_dirs(const char *list, char **ret)
{
	auto_free char *dirs = calloc(1, strlen(list) + 2);
	char dir[PATH_MAX];
	size_t len = 0;
	struct stat st;

	if (!dirs)
		return -ENOMEM;
	for (const char *cursor = list; pathlist_next(&cursor, dir);) {
		if (!hosttools_has(dir) || stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		if (len)
			dirs[len++] = ':';
		memcpy(dirs + len, dir, strlen(dir));
		len += strlen(dir);
	}
	*ret = len ? take_ptr(dirs) : NULL;
	return 0;
}

static int set_path(const char *ours, struct envblock *env)
{
	auto_free char *dirs = NULL;
	int r = ours ? shown_dirs(ours, &dirs) : 0;

	if (r == 0 && !dirs)
		r = shown_dirs(PROGRAM_DEFAULT_PATH, &dirs);
	if (r < 0)
		return r;
	const char *path = dirs ? dirs : PROGRAM_DEFAULT_PATH;
	return envblock_set(env, "PATH", path, strlen(path));
}

int hosttools_env(char *const *vars, struct envblock *ret)
{
	auto_envblock struct envblock env = {0}, ours = {0};
	int r = envblock_parse("", 0, &env);

	if (r == 0)
		r = envblock_copy(vars, &ours);
	for (size_t i = 0; r == 0 && i < ours.count; i++) {
		const char *var = ours.vars[i], *equals = strchr(var, '=');
		if (!equals || !may_pass(var))
			continue;
		auto_free char *name = strndup(var, (size_t)(equals - var));
		r = name ? envblock_set(&env, name, equals + 1, strlen(equals + 1)) : -ENOMEM;
	}
	if (r == 0)
		r = set_path(envblock_get(&ours, "PATH"), &env);
	if (r == 0)
		r = envblock_set(&env, "HOME", HOSTTOOLS_HOME, strlen(HOSTTOOLS_HOME));
	if (r < 0)
		return r;
	*ret = env;
	env = (struct envblock){0};
	return 0;
}
